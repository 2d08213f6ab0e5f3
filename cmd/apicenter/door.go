package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"apicenter/internal/access"
	"apicenter/internal/auth"
	"apicenter/internal/inventory"
)

// administrator is who has the key in the data folder. Its rights come with the
// key, so nobody can lock everybody out.
var administrator = auth.Principal{
	ID: "administrator", Name: "administrator", Kind: auth.Key,
	Grants: []auth.Grant{{Role: access.AdministratorID, Scope: access.Everything}},
}

// door is who may come in, and what for.
type door struct {
	fixed *auth.Fixed
	keys  *auth.Keys
	oidc  *auth.OIDC
	guard *access.Guard
}

// keeper is what the door needs of the store.
type keeper interface {
	access.Store
	auth.KeyStore
}

func (s settings) openDoor(ctx context.Context, db keeper, tokens map[string]auth.Principal, log *slog.Logger) (door, error) {
	issuers := make([]auth.Issuer, 0, len(s.issuers))
	for _, url := range s.issuers {
		issuers = append(issuers, auth.Issuer{URL: url, Audiences: s.audiences, ClientID: s.clientID, Client: s.outside()})
	}
	oidc, err := auth.NewOIDC(log, issuers...)
	if err != nil {
		return door{}, err
	}
	keys, err := auth.NewKeys(ctx, db)
	if err != nil {
		return door{}, err
	}
	guard, err := access.New(ctx, db)
	if err != nil {
		return door{}, err
	}
	d := door{fixed: auth.Static(tokens), keys: keys, oidc: oidc, guard: guard}
	return d, d.appoint(ctx, s.administrators)
}

// tokens takes all keys, and some of the issuers' tokens.
func (d door) tokens(issued *auth.Tokens) auth.Chain { return auth.Chain{d.fixed, d.keys, issued} }

// Authenticate gives the principal of a key's token.
func (d door) Authenticate(ctx context.Context, token string) (auth.Principal, error) {
	return auth.Chain{d.fixed, d.keys}.Authenticate(ctx, token)
}

// Recall gives the principal of a key by the hash of its token.
func (d door) Recall(of inventory.Digest) (auth.Principal, error) {
	return auth.Recall(d.fixed, d.keys, of)
}

// Refresh reads anew who may do what, from the store.
func (d door) Refresh(ctx context.Context) error {
	return errors.Join(d.guard.Refresh(ctx), d.keys.Refresh(ctx))
}

// appoint makes principals administrators of everything, unless they are already.
// They stay so until somebody ends the assignment.
func (d door) appoint(ctx context.Context, principals []string) error {
	all, err := d.guard.Assignments(ctx)
	if err != nil {
		return err
	}
	appointed := map[string]bool{}
	for _, a := range all {
		if a.Role == access.AdministratorID && a.Scope == access.Everything {
			appointed[a.Principal] = true
		}
	}
	for _, id := range principals {
		if id = strings.ToLower(id); appointed[id] {
			continue
		}
		appointed[id] = true
		if _, err := d.guard.Assign(ctx, inventory.Assignment{
			Name: auth.NewID(), Role: access.AdministratorID, Scope: access.Everything, Principal: id,
			PrincipalType: string(auth.User), Description: "named by --administrator",
		}); err != nil {
			return fmt.Errorf("--administrator %s: %w", id, err)
		}
	}
	return nil
}
