package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"apicenter/internal/inventory"
)

// Identities tells who the identities of this center are.
type Identities interface {
	// Describe asks for the user-assigned identity with this resource id or client
	// id, or with "" for the host's own. It takes some seconds at most; an error
	// means that there is no such identity here, or that it cannot be told.
	Describe(ctx context.Context, identity string) (Identity, error)
}

// Identity is a principal of a directory.
type Identity struct{ PrincipalID, ClientID, TenantID string }

// maxAssigned is how many user-assigned identities a service may have.
const maxAssigned = 20

// identityOf is the identity of a service as it is stored and shown.
type identityOf struct {
	Type        string              `json:"type"`
	PrincipalID string              `json:"principalId,omitempty"`
	TenantID    string              `json:"tenantId,omitempty"`
	Assigned    map[string]assigned `json:"userAssignedIdentities,omitempty"`
}

type assigned struct {
	PrincipalID string `json:"principalId,omitempty"`
	ClientID    string `json:"clientId,omitempty"`
}

const fieldIdentity inventory.Field = "/identity"

// The parts of an identity's type.
const (
	noIdentity     = "None"
	systemAssigned = "SystemAssigned"
	userAssigned   = "UserAssigned"
)

// identify completes the identity in the body of a service with what only the
// center can know: the principals. What the caller says of them is ignored, and
// what cannot be told now stays as it was. An identity that the host does not
// have is accepted without them: a check of a link says so.
//
// It waits for an answer from outside, so it is called before the transaction.
func (c *Catalog) identify(ctx context.Context, id inventory.ID, body inventory.Doc) (inventory.Doc, error) {
	var asked struct {
		Type     string                     `json:"type"`
		Assigned map[string]json.RawMessage `json:"userAssignedIdentities"`
	}
	raw, ok := body[fieldIdentity]
	if !ok || json.Unmarshal(raw, &asked) != nil || asked.Type == "" {
		return body, nil // check has words for it
	}
	identity := identityOf{}
	var err error
	if identity.Type, err = identityType(asked.Type); err != nil {
		return nil, err
	}
	if strings.Contains(identity.Type, userAssigned) {
		if identity.Assigned, err = assignedOf(asked.Assigned); err != nil {
			return nil, err
		}
	}
	was, err := c.identityOf(ctx, id)
	if err != nil {
		return nil, err
	}
	c.describe(ctx, &identity, was)
	return body.With(fieldIdentity, identity), nil
}

// identityType writes a type in the one form that is shown.
func identityType(text string) (string, error) {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc([]string{noIdentity, systemAssigned, userAssigned}, func(known string) bool {
			return strings.EqualFold(known, strings.TrimSpace(part))
		})
		if i < 0 {
			return "", inventory.Errorf(inventory.Invalid, "identity.type",
				"identity.type %q is not known; use None, SystemAssigned, UserAssigned or SystemAssigned,UserAssigned", text)
		}
		parts = append(parts, []string{noIdentity, systemAssigned, userAssigned}[i])
	}
	slices.Sort(parts) // None first, SystemAssigned before UserAssigned
	parts = slices.Compact(parts)
	if parts[0] == noIdentity && len(parts) > 1 {
		return "", inventory.Errorf(inventory.Invalid, "identity.type", "identity.type %q is none and one; leave None out", text)
	}
	return strings.Join(parts, ","), nil
}

// assignedOf are the user-assigned identities that a body names. A null takes one away.
func assignedOf(named map[string]json.RawMessage) (map[string]assigned, error) {
	const at = "identity.userAssignedIdentities"
	out := map[string]assigned{}
	for name, value := range named {
		if string(value) == "null" {
			continue
		}
		if !isIdentity(name) {
			return nil, inventory.Errorf(inventory.Invalid, at, "%q is not the resource id of a user-assigned identity; want %s", name, identityShape)
		}
		out[name] = assigned{}
	}
	switch {
	case len(out) == 0:
		return nil, inventory.Errorf(inventory.Invalid, at, "%s is required with the type UserAssigned; name an identity by its resource id", at)
	case len(out) > maxAssigned:
		return nil, inventory.Errorf(inventory.Invalid, at, "%s has %d identities; at most %d are allowed", at, len(out), maxAssigned)
	}
	return out, nil
}

// isIdentity says that a text names a user-assigned identity: by its resource
// id or, for platforms that know no such ids, by its client id.
func isIdentity(text string) bool {
	return matches(identityShape, text) || clientShape.MatchString(text)
}

// identityOf is the identity that a service has at present.
func (c *Catalog) identityOf(ctx context.Context, id inventory.ID) (identity identityOf, err error) {
	err = c.store.View(ctx, func(tx inventory.Reader) error {
		rec, err := tx.Record(id)
		if raw, ok := rec.Own[fieldIdentity]; ok {
			_ = json.Unmarshal(raw, &identity) // our own writing
		}
		if inventory.CodeOf(err) == inventory.NotFound {
			return nil
		}
		return err
	})
	return identity, err
}

// describe fills in who the identities are, all at the same time.
func (c *Catalog) describe(ctx context.Context, identity *identityOf, was identityOf) {
	var mu sync.Mutex // guards identity
	var wg sync.WaitGroup
	if strings.Contains(identity.Type, systemAssigned) {
		identity.PrincipalID, identity.TenantID = was.PrincipalID, was.TenantID
		wg.Go(func() {
			if who, ok := c.who(ctx, ""); ok {
				mu.Lock()
				defer mu.Unlock()
				identity.PrincipalID, identity.TenantID = who.PrincipalID, who.TenantID
			}
		})
	}
	for name := range maps.Keys(maps.Clone(identity.Assigned)) {
		wg.Go(func() {
			a := before(was.Assigned, name)
			if who, ok := c.who(ctx, name); ok {
				a = assigned{PrincipalID: who.PrincipalID, ClientID: who.ClientID}
			}
			mu.Lock()
			defer mu.Unlock()
			identity.Assigned[name] = a
		})
	}
	wg.Wait()
}

func (c *Catalog) who(ctx context.Context, identity string) (Identity, bool) {
	if c.identities == nil {
		return Identity{}, false
	}
	who, err := c.identities.Describe(ctx, identity)
	return who, err == nil
}

// before is what was known of an identity, in whatever case it was named.
func before(was map[string]assigned, name string) assigned {
	for other, a := range was {
		if strings.EqualFold(other, name) {
			return a
		}
	}
	return assigned{}
}
