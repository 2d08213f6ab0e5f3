package apim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/emulator"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// managed is a managed identity of the emulated directory: the center's, or the
// user-assigned one with a resource id.
type managed struct {
	w  *world
	id string
}

func (m managed) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	q := url.Values{"resource": {"https://management.azure.com"}, "api-version": {"2019-08-01"}}
	if m.id != "" {
		q.Set("mi_res_id", m.id)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.w.url+"/msi/token?"+q.Encode(), nil)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	req.Header.Set("X-Identity-Header", "x")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		return azcore.AccessToken{}, nonRetriable{fmt.Errorf("%s: %w", resp.Status, err)}
	}
	return azcore.AccessToken{Token: answer.Token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// nonRetriable is how a credential says that there is no such identity.
type nonRetriable struct{ error }

func (nonRetriable) NonRetriable() {}

// managedOptions read as managed identities do.
func (w *world) managedOptions() apim.Options {
	o := w.options()
	o.Credential = func(identity string) (azcore.TokenCredential, error) { return managed{w, identity}, nil }
	return o
}

// check gives what a check found, by what was checked.
func (w *world) check(o apim.Options, link inventory.Link) map[string]inventory.Finding {
	w.t.Helper()
	findings, err := w.open(o, link, false).(source.Checker).Check(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]inventory.Finding{}
	for _, f := range findings {
		out[f.Check] = f
	}
	return out
}

func TestCheckLooksAtAllThatAPassReads(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	c := w.open(w.managedOptions(), inventory.Link{}, false)
	findings, err := c.(source.Checker).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, f.Check+" "+string(f.Outcome))
	}
	want := "token ok, directory ok, instance ok, workspaces ok, apis ok, versionSets ok, definition ok, schemas ok, gateways ok"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s\n%+v", strings.Join(got, ", "), want, findings)
	}
	if n := c.Requests(); n > 12 {
		t.Errorf("it took %d requests: %q", n, w.sent())
	}
}

func TestCheckOfOneWorkspaceWithoutDefinitions(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	found := w.check(w.options(), inventory.Link{Source: w.instance + "/workspaces/marketplace", Import: inventory.ImportNever})
	for check, want := range map[string]inventory.Outcome{
		"directory": inventory.Skipped, // the token of the owner does not say whom it is for
		"instance":  inventory.Passed, "workspaces": inventory.Skipped, "apis": inventory.Passed,
		"definition": inventory.Skipped, "schemas": inventory.Skipped, "gateways": inventory.Passed,
	} {
		if found[check].Outcome != want {
			t.Errorf("%s: %+v, want %s", check, found[check], want)
		}
	}
}

func TestCheckNamesTheMissingRole(t *testing.T) {
	for _, tt := range []struct{ identity, principal string }{
		{"", emulator.ManagedID},
		{emulator.UserAssignedIdentity, emulator.UserAssignedID},
	} {
		w := newWorld(t, emulator.Options{APIs: 3, NoRole: true})
		link := inventory.Link{Source: w.instance, Identity: tt.identity}
		found := w.check(w.managedOptions(), link)
		if f := found["directory"]; f.Outcome != inventory.Passed {
			t.Errorf("directory: %+v", f)
		}
		f := found["instance"]
		want := inventory.Remedy{
			Role: "API Management Service Reader Role", RoleID: "71522526-b88f-4d52-b57f-d31fc3546d0d", PrincipalID: tt.principal, Scope: w.instance,
			Command: "az role assignment create --assignee-object-id " + tt.principal +
				` --assignee-principal-type ServicePrincipal --role "API Management Service Reader Role" --scope ` + w.instance,
		}
		if f.Outcome != inventory.Refused || f.Remedy == nil || *f.Remedy != want {
			t.Fatalf("instance: %+v, remedy %+v\nwant %+v", f, f.Remedy, want)
		}
		if found["apis"].Outcome != inventory.Refused {
			t.Errorf("apis: %+v", found["apis"])
		}
		_, err := read(t.Context(), w.open(w.managedOptions(), link, false), source.Scope{})
		if err == nil || !strings.Contains(err.Error(), "waiting for role: the identity of the link (object id "+tt.principal) || !strings.Contains(err.Error(), want.Command) {
			t.Errorf("a reading ended with %v", err)
		}
		w.call(http.MethodPut, w.instance+"/providers/Microsoft.Authorization/roleAssignments/6b1f3c7e-0000-4000-8000-000000000001",
			m{"properties": m{"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + want.RoleID, "principalId": tt.principal}})
		for check, f := range w.check(w.managedOptions(), link) {
			if f.Outcome != inventory.Passed && f.Outcome != inventory.Skipped {
				t.Errorf("with the role, %s: %+v", check, f)
			}
		}
	}
}

func TestASourceOfAnotherDirectoryIsRefused(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true, Instances: 3})
	link := inventory.Link{Source: strings.Replace(w.instance, emulator.SubscriptionID, emulator.ForeignSubscriptionID, 1) + "-3"}
	found := w.check(w.managedOptions(), link)
	f := found[inventory.CheckDirectory]
	if f.Outcome != inventory.Refused || !strings.Contains(f.Message, emulator.ForeignTenantID) || !strings.Contains(f.Message, emulator.TenantID) {
		t.Errorf("directory: %+v", f)
	}
	if found["instance"].Outcome != inventory.Skipped {
		t.Errorf("instance: %+v", found["instance"])
	}
	_, err := read(t.Context(), w.open(w.managedOptions(), link, false), source.Scope{})
	if !source.Stalled(err) || !strings.Contains(err.Error(), emulator.ForeignTenantID) {
		t.Errorf("a reading ended with %v", err)
	}
}

func TestTheDirectoryIsLearntWithoutAnyRight(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true, NoRole: true})
	w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.Count(r.URL.Path, "/") > 2 || r.Header.Get("Authorization") == "" {
			return false
		}
		if strings.HasPrefix(r.URL.Path, "/subscriptions/") {
			refuse(rw, http.StatusForbidden, "AuthorizationFailed", "no")
			return true
		}
		return false
	})
	if f := w.check(w.managedOptions(), inventory.Link{})[inventory.CheckDirectory]; f.Outcome != inventory.Passed {
		t.Errorf("directory: %+v", f)
	}
}

func TestCheckWithoutAnIdentity(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true})
	found := w.check(w.managedOptions(), inventory.Link{Identity: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none"})
	if f := found["token"]; f.Outcome != inventory.Refused || f.Remedy != nil || !strings.Contains(f.Message, "no token") {
		t.Errorf("token: %+v", f)
	}
	if found["directory"].Outcome != inventory.Skipped || found["gateways"].Outcome != inventory.Skipped {
		t.Errorf("the rest: %+v", found)
	}
}

// TestRemediesAreSafeToPaste has a shell read the command for a source whose
// name means harm.
func TestRemediesAreSafeToPaste(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, emulator.Options{Empty: true})
	w.intercept(func(rw http.ResponseWriter, _ *http.Request) bool {
		refuse(rw, http.StatusForbidden, "AuthorizationFailed", "The client 'x' with object id '$(touch$IFS/x)' does not")
		return true
	})
	const source = "/subscriptions/s/resourceGroups/rg(1)/providers/Microsoft.ApiManagement/service/a;echo$IFS'b'&`id`"
	f := w.check(w.options(), inventory.Link{Source: source})["instance"]
	if f.Remedy == nil {
		t.Fatalf("instance: %+v", f)
	}
	out, err := exec.Command(sh, "-c", strings.Replace(f.Remedy.Command, "az ", "printf '%s\\n' ", 1)).CombinedOutput()
	words := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(words) != 11 || words[4] != "$(touch$IFS/x)" || words[10] != source {
		t.Errorf("%s\nwas read as %q, %v", f.Remedy.Command, words, err)
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	w := newWorld(t, emulator.Options{Empty: true})
	ctx, cancel := context.WithCancel(t.Context())
	w.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/apis") {
			cancel()
		}
		return false
	})
	findings, err := w.open(w.managedOptions(), inventory.Link{}, false).(source.Checker).Check(ctx)
	if !errors.Is(err, context.Canceled) || len(findings) == 0 {
		t.Errorf("%+v, %v", findings, err)
	}
}
