package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// directory knows identities by name; "" is the host's own.
type directory map[string]catalog.Identity

func (d directory) Describe(_ context.Context, identity string) (catalog.Identity, error) {
	who, ok := d[strings.ToLower(identity)]
	if !ok {
		return catalog.Identity{}, errors.New("no such identity")
	}
	return who, nil
}

const readerID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Reader"

func known() directory {
	return directory{
		"":                        {PrincipalID: "p0", ClientID: "c0", TenantID: "t0"},
		strings.ToLower(readerID): {PrincipalID: "p1", ClientID: "c1", TenantID: "t0"},
	}
}

func identified(t *testing.T, known directory) *desk {
	d := newDesk(t)
	d.Catalog = catalog.New(d.store, catalog.Options{Identities: known})
	return d
}

func TestIdentityOfAServiceIsTold(t *testing.T) {
	const mine, theirs = `"principalId":"mine","tenantId":"mine"`, `{"principalId":"mine","clientId":"mine"}`
	for _, tt := range []struct{ name, sent, want string }{
		{"none", `{"type":"None",` + mine + `}`, `{"type":"None"}`},
		{"the host's", `{"type":"SystemAssigned",` + mine + `}`, `{"type":"SystemAssigned","principalId":"p0","tenantId":"t0"}`},
		{"in lower case", `{"type":"systemassigned"}`, `{"type":"SystemAssigned","principalId":"p0","tenantId":"t0"}`},
		{
			"one of its own", `{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `":` + theirs + `}}`,
			`{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `":{"principalId":"p1","clientId":"c1"}}}`,
		},
		{
			"both, as az writes it", `{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"` + readerID + `":{},"` + readerID + `2":null}}`,
			`{"type":"SystemAssigned,UserAssigned","principalId":"p0","tenantId":"t0","userAssignedIdentities":{"` + readerID + `":{"principalId":"p1","clientId":"c1"}}}`,
		},
		{
			"one that the host does not have", `{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `2":` + theirs + `}}`,
			`{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `2":{}}}`,
		},
		{"not of the type", `{"type":"SystemAssigned","userAssignedIdentities":{"` + readerID + `":{}}}`, `{"type":"SystemAssigned","principalId":"p0","tenantId":"t0"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := identified(t, known())
			d.put(center, `{"location":"westeurope","identity":`+tt.sent+`}`)
			d.reads(center, `{"location":"westeurope","sku":{"name":"Standard"},"identity":`+tt.want+`}`)
		})
	}
}

// interrupted is a directory where something happens while it is asked for the first time.
type interrupted struct {
	directory
	once func()
}

func (i *interrupted) Describe(ctx context.Context, identity string) (catalog.Identity, error) {
	if f := i.once; f != nil {
		i.once = nil
		f()
	}
	return i.directory.Describe(ctx, identity)
}

// TestIdentitiesThatAreAddedAtTheSameTimeStay has one person add an identity
// while the directory is asked about another's.
func TestIdentitiesThatAreAddedAtTheSameTimeStay(t *testing.T) {
	add := func(d *desk, name string) {
		t.Helper()
		patch := `{"type":"UserAssigned","userAssignedIdentities":{"` + name + `":{}}}`
		if _, err := d.Amend(d.ctx, id(center), nil, json.RawMessage(patch), catalog.Match{}); err != nil {
			t.Error(err)
		}
	}
	d := newDesk(t)
	slow := &interrupted{directory: known()}
	d.Catalog = catalog.New(d.store, catalog.Options{Identities: slow})
	d.put(center, `{"location":"westeurope"}`)
	slow.once = func() { add(d, readerID+"2") }
	add(d, readerID)
	d.reads(center, `{"location":"westeurope","sku":{"name":"Standard"},"identity":{"type":"UserAssigned","userAssignedIdentities":{`+
		`"`+readerID+`":{"principalId":"p1","clientId":"c1"},"`+readerID+`2":{}}}}`)
}

func TestIdentityThatCannotBe(t *testing.T) {
	many := ""
	for i := range 21 {
		many += fmt.Sprintf(`,"%s%d":{}`, readerID, i)
	}
	for name, tt := range map[string]struct{ sent, target string }{
		"another type":    {`{"type":"Managed"}`, "identity.type"},
		"none and one":    {`{"type":"None,SystemAssigned"}`, "identity.type"},
		"empty part":      {`{"type":"SystemAssigned,"}`, "identity.type"},
		"no type":         {`{}`, "identity.type"},
		"none named":      {`{"type":"UserAssigned"}`, "identity.userAssignedIdentities"},
		"all taken away":  {`{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `":null}}`, "identity.userAssignedIdentities"},
		"of another kind": {`{"type":"UserAssigned","userAssignedIdentities":{"` + gateway + `":{}}}`, "identity.userAssignedIdentities"},
		"too many":        {`{"type":"UserAssigned","userAssignedIdentities":{` + many[1:] + `}}`, "identity.userAssignedIdentities"},
		"a list":          {`{"type":"UserAssigned","userAssignedIdentities":[]}`, "identity.userAssignedIdentities"},
		"no object":       {`"SystemAssigned"`, "identity"},
		"a type of two":   {`{"type":["SystemAssigned"]}`, "identity.type"},
	} {
		t.Run(name, func(t *testing.T) {
			d := identified(t, known())
			if e := d.refused(center, `{"location":"westeurope","identity":`+tt.sent+`}`, inventory.Invalid); e.Target != tt.target {
				t.Errorf("target %q, want %q: %s", e.Target, tt.target, e.Message)
			}
		})
	}
}

func TestAPrincipalThatCannotBeToldStaysAsItWas(t *testing.T) {
	names := known()
	d := identified(t, names)
	both := `{"location":"westeurope","identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"` + readerID + `":{}}}}`
	before := d.put(center, both)
	clear(names)
	if after := d.put(center, strings.Replace(both, readerID, strings.ToUpper(readerID), 1)); !strings.Contains(string(after.Doc), `"p0"`) || !strings.Contains(string(after.Doc), `"p1"`) {
		t.Errorf("%s became %s", before.Doc, after.Doc)
	}
	nobody := identified(t, nil)
	nobody.Catalog = catalog.New(nobody.store, catalog.Options{})
	nobody.put(center, `{"location":"westeurope","identity":{"type":"SystemAssigned"}}`)
	nobody.reads(center, `{"location":"westeurope","sku":{"name":"Standard"},"identity":{"type":"SystemAssigned"}}`)
}
