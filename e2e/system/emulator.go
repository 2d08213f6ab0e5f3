package system

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
)

// Emulator is a running azemu, and a client of it.
type Emulator struct {
	*Process
	client
	Ready EmulatorReady
}

// EmulatorReady is what azemu writes when it is up.
type EmulatorReady struct {
	Emulator         string `json:"emulator"`
	Token            string `json:"token"`
	APIMID           string `json:"apimId"`
	SubscriptionID   string `json:"subscriptionId"`
	TenantID         string `json:"tenantId"`
	IdentityEndpoint string `json:"identityEndpoint"`
	IdentityHeader   string `json:"identityHeader"`
}

// StartEmulator runs azemu with the arguments that say what it holds, and
// waits until it is up. dir is for its files.
func StartEmulator(ctx context.Context, b Binaries, dir string, args ...string) (*Emulator, error) {
	file := filepath.Join(dir, "azemu.json")
	p, err := Start(b.Emulator, nil, append([]string{"--listen", "127.0.0.1:0", "--ready-file", file}, args...)...)
	if err != nil {
		return nil, err
	}
	e := &Emulator{Process: p}
	if err := p.Ready(ctx, file, &e.Ready); err != nil {
		p.Kill()
		return nil, err
	}
	e.client = newClient(e.Ready.Emulator, e.Ready.Token, "2024-05-01")
	return e, nil
}

// SourceAPI is an API of the emulated instance.
type SourceAPI struct {
	Name       string `json:"name"`
	Properties struct {
		DisplayName     string `json:"displayName"`
		Description     string `json:"description,omitempty"`
		Path            string `json:"path"`
		Type            string `json:"type,omitempty"`
		APIVersion      string `json:"apiVersion,omitempty"`
		APIVersionSetID string `json:"apiVersionSetId,omitempty"`
		IsCurrent       bool   `json:"isCurrent"`
	} `json:"properties"`
}

// Current are the current revisions of all APIs of the instance itself.
func (e *Emulator) Current(ctx context.Context) ([]SourceAPI, error) {
	all, err := all[SourceAPI](ctx, e.client, e.Ready.APIMID+"/apis?$top=1000")
	if err != nil {
		return nil, err
	}
	current := all[:0]
	for _, a := range all {
		if a.Properties.IsCurrent {
			current = append(current, a)
		}
	}
	return current, nil
}

// VersionSets are the titles of the version sets of the instance, by their ids in lower case.
func (e *Emulator) VersionSets(ctx context.Context) (map[string]string, error) {
	type set struct {
		ID         string `json:"id"`
		Properties struct {
			DisplayName string `json:"displayName"`
		} `json:"properties"`
	}
	sets, err := all[set](ctx, e.client, e.Ready.APIMID+"/apiVersionSets?$top=1000")
	titles := map[string]string{}
	for _, s := range sets {
		titles[strings.ToLower(s.ID)] = s.Properties.DisplayName
	}
	return titles, err
}

// Export is the definition of an API as the source gives it away: over a link, without our token.
func (e *Emulator) Export(ctx context.Context, name string) ([]byte, error) {
	var out struct {
		Value struct {
			Link string `json:"link"`
		} `json:"value"`
	}
	if err := e.call(ctx, http.MethodGet, e.api(name)+"?export=true&format=openapi%2Bjson-link", nil, &out); err != nil {
		return nil, err
	}
	return e.raw(ctx, http.MethodGet, out.Value.Link, nil, false)
}

// NewAPI is an API that the instance does not have yet.
func NewAPI(name, title string) SourceAPI {
	a := SourceAPI{Name: name}
	a.Properties.DisplayName, a.Properties.Path = title, name
	return a
}

// Import makes or replaces an API from an OpenAPI document. Its title, path and
// version stay as a says.
func (e *Emulator) Import(ctx context.Context, a SourceAPI, document []byte) error {
	return e.call(ctx, http.MethodPut, e.api(a.Name), map[string]any{"properties": map[string]any{
		"displayName": a.Properties.DisplayName, "path": a.Properties.Path, "protocols": []string{"https"},
		"apiVersion": a.Properties.APIVersion, "apiVersionSetId": a.Properties.APIVersionSetID,
		"format": "openapi+json", "value": string(document),
	}}, nil)
}

// Describe changes no more than the description of an API.
func (e *Emulator) Describe(ctx context.Context, name, description string) error {
	return e.call(ctx, http.MethodPatch, e.api(name), map[string]any{
		"properties": map[string]string{"description": description},
	}, nil)
}

// Subscribe has the instance tell a webhook of all events, with a bearer token.
func (e *Emulator) Subscribe(ctx context.Context, webhook, token string) error {
	return e.call(ctx, http.MethodPut, e.Ready.APIMID+"/providers/Microsoft.EventGrid/eventSubscriptions/center", map[string]any{
		"properties": map[string]any{"destination": map[string]any{"endpointType": "WebHook", "properties": map[string]any{
			"endpointUrl": webhook,
			"deliveryAttributeMappings": []any{map[string]any{
				"name": "Authorization", "type": "Static", "properties": map[string]any{"value": "Bearer " + token, "isSecret": true},
			}},
		}}},
	}, nil)
}

// Remove deletes an API with its revisions.
func (e *Emulator) Remove(ctx context.Context, name string) error {
	return e.call(ctx, http.MethodDelete, e.api(name)+"?deleteRevisions=true", nil, nil)
}

func (e *Emulator) api(name string) string { return e.Ready.APIMID + "/apis/" + url.PathEscape(name) }

// Stats are what the emulator counted since the last ResetStats.
type Stats struct {
	ARM       int64 `json:"arm"`
	Blob      int64 `json:"blob"`
	Throttled int64 `json:"throttled"`
	Routes    struct {
		Export int64 `json:"export"`
	} `json:"routes"`
}

// Stats reads the counters.
func (e *Emulator) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := e.call(ctx, http.MethodGet, "/admin/stats", nil, &s)
	return s, err
}

// ResetStats sets the counters to zero.
func (e *Emulator) ResetStats(ctx context.Context) error {
	return e.call(ctx, http.MethodPost, "/admin/stats/reset", nil, nil)
}
