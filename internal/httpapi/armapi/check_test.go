package armapi_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func (f *fakeSource) Check(context.Context, inventory.Link) ([]inventory.Finding, error) {
	return f.findings, nil
}

func (f *fakeSource) Describe(_ context.Context, identity string) (catalog.Identity, error) {
	if identity != "" {
		return catalog.Identity{}, errors.New("no such identity")
	}
	return catalog.Identity{PrincipalID: "p0", ClientID: "c0", TenantID: "t0"}, nil
}

func TestCheckOfALinkOnTheWire(t *testing.T) {
	d := centre(t)
	check := link + "/check"
	d.fails("POST", check, "", 404, "ResourceNotFound", "gateway")
	d.fails("POST", check, `{"properties":{"azureApiManagementSource":{"resourceId":"x"}}}`, 400, "ValidationError", "properties.azureApiManagementSource.resourceId")
	d.fails("POST", check, `{"properties":[]}`, 400, "InvalidRequestContent", "API source")
	d.source.findings = []inventory.Finding{
		{Check: "token", Outcome: inventory.Passed, Message: "object id p0"},
		{Check: "gateways", Outcome: inventory.Skipped, Message: "there are none"},
	}
	if w := d.must("POST", check, linkBody, 200); !strings.Contains(w.Body.String(), `"ok":true`) {
		t.Errorf("answered %s", w.Body)
	}
	d.must("GET", link, "", 404)
	d.source.findings = append(d.source.findings, inventory.Finding{
		Check: "instance", Outcome: inventory.Refused, Message: "it may not read",
		Remedy: &inventory.Remedy{Role: "Reader", RoleID: "r", PrincipalID: "p0", Scope: gateway, Command: "az role assignment create"},
	})
	w := d.must("PUT", link, linkBody, 201)
	if s := properties(t, w)["linkState"].(map[string]any); s["state"] != "error" || !strings.Contains(s["message"].(string), "az role assignment create") {
		t.Errorf("the link began as %v", s)
	}
	d.golden("check", d.must("POST", check, "", 200))
	d.must("POST", check, `{}`, 200)
	d.must("GET", check, "", 405)
}

func TestIdentityOfAServiceOnTheWire(t *testing.T) {
	d := newDesk(t)
	w := d.must("PUT", center, `{"location":"westeurope","identity":{"type":"SystemAssigned"},"sku":{"name":"Free"}}`, 201)
	if want := `"identity":{"type":"SystemAssigned","principalId":"p0","tenantId":"t0"}`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("answered %s, want %s in it", w.Body, want)
	}
	d.fails("PUT", center, `{"location":"westeurope","identity":{"type":"Mine"}}`, 400, "ValidationError", "identity.type")
}
