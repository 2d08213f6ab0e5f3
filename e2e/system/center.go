package system

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// Center is a running apicenter serve, and a client of it.
type Center struct {
	*Process
	client
	Ready     CenterReady
	readyFile string
}

// CenterReady is what apicenter writes when it is up.
type CenterReady struct {
	Center         string `json:"center"`
	Emulator       string `json:"emulator"`
	Token          string `json:"token"`
	ServiceID      string `json:"serviceId"`
	APIMID         string `json:"apimId"`
	LinkID         string `json:"linkId"`
	SubscriptionID string `json:"subscriptionId"`
	TenantID       string `json:"tenantId"`
	CA             string `json:"ca"`
	Authority      string `json:"authority"`
}

// StartCenter runs apicenter serve over the data in dir, reading from the
// emulator with the identity that the emulator gives, and waits until it is up.
func StartCenter(ctx context.Context, b Binaries, dir string, e *Emulator, args ...string) (*Center, error) {
	c, err := LaunchCenter(b, dir, e, args...)
	if err != nil {
		return nil, err
	}
	if err := c.WaitReady(ctx); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

// LaunchCenter is StartCenter without the wait: call WaitReady before any other call.
func LaunchCenter(b Binaries, dir string, e *Emulator, args ...string) (*Center, error) {
	file := filepath.Join(dir, "ready.json")
	if err := os.RemoveAll(file); err != nil { // an earlier one's
		return nil, err
	}
	p, err := Start(b.Center,
		[]string{"IDENTITY_ENDPOINT=" + e.Ready.IdentityEndpoint, "IDENTITY_HEADER=" + e.Ready.IdentityHeader},
		append([]string{
			"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
			"--resource-manager", e.Ready.Emulator, "--ready-file", file,
		}, args...)...)
	if err != nil {
		return nil, err
	}
	return &Center{Process: p, readyFile: file}, nil
}

// WaitReady waits until the center is up.
func (c *Center) WaitReady(ctx context.Context) error {
	if err := c.Process.Ready(ctx, c.readyFile, &c.Ready); err != nil {
		return err
	}
	c.client = newClient(c.Ready.Center, c.Ready.Token, "2024-06-01-preview")
	return nil
}

// Workspace is the path of the default workspace.
func (c *Center) Workspace() string { return c.Ready.ServiceID + "/workspaces/default" }

// Link links the emulated instance under a name, definitions included.
func (c *Center) Link(ctx context.Context, name, apimID string) error {
	return c.call(ctx, http.MethodPut, c.link(name), map[string]any{
		"properties": map[string]any{
			"azureApiManagementSource": map[string]string{"resourceId": apimID},
			"importSpecification":      "always",
		},
	}, nil)
}

// Unlink asks for the end of a link; its APIs and then the link go in the background.
func (c *Center) Unlink(ctx context.Context, name string) error {
	return c.Delete(ctx, c.link(name))
}

// HandOver is Unlink that keeps all that the link brought, as the people's own.
func (c *Center) HandOver(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, c.link(name)+"?keep=true", nil, nil)
}

// Sync asks for a pass: of one API of the source, by its name there, or of all when api is empty.
func (c *Center) Sync(ctx context.Context, name, api string) error {
	body := map[string]string{}
	if api != "" {
		body["api"] = api
	}
	return c.call(ctx, http.MethodPost, c.link(name)+"/sync", body, nil)
}

func (c *Center) link(name string) string { return c.Workspace() + "/apiSources/" + name }

// Thing is any resource of the center.
type Thing struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Properties json.RawMessage `json:"properties"`
	SystemData struct {
		CreatedAt string `json:"createdAt"`
	} `json:"systemData"`
}

// Title is the title among the properties.
func (t Thing) Title() string {
	var p struct{ Title string }
	_ = json.Unmarshal(t.Properties, &p) // what has no title has the empty one
	return p.Title
}

// Get reads one resource by its path.
func (c *Center) Get(ctx context.Context, path string) (Thing, error) {
	var t Thing
	err := c.call(ctx, http.MethodGet, path, nil, &t)
	return t, err
}

// Edit sets one property of a resource as a person does, who sends the whole of it back.
func (c *Center) Edit(ctx context.Context, path, property string, value any) error {
	t, err := c.Get(ctx, path)
	if err != nil {
		return err
	}
	var properties map[string]any
	if err := json.Unmarshal(t.Properties, &properties); err != nil {
		return err
	}
	properties[property] = value
	return c.call(ctx, http.MethodPut, path, map[string]any{"properties": properties}, nil)
}

// Delete deletes a resource.
func (c *Center) Delete(ctx context.Context, path string) error {
	return c.call(ctx, http.MethodDelete, path, nil, nil)
}

// List reads a collection to its end.
func (c *Center) List(ctx context.Context, path string) ([]Thing, error) {
	return all[Thing](ctx, c.client, path)
}

// Export is the document of a definition, wherever the center puts it.
func (c *Center) Export(ctx context.Context, definition string) ([]byte, error) {
	var out struct{ Format, Value string }
	if err := c.call(ctx, http.MethodPost, definition+"/exportSpecification", nil, &out); err != nil {
		return nil, err
	}
	switch out.Format {
	case "inline":
		return []byte(out.Value), nil
	case "link":
		return c.raw(ctx, http.MethodGet, out.Value, nil, false)
	default:
		return nil, fmt.Errorf("export of %s: unknown format %q", definition, out.Format)
	}
}
