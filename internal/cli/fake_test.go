package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	fakeToken     = "s3cret"
	fakeAddress   = "http://127.0.0.1:8321"
	fakeService   = "/subscriptions/sub1/resourceGroups/apis/providers/Microsoft.ApiCenter/services/main"
	fakeWorkspace = fakeService + "/workspaces/default"
	fakePage      = 2
)

// center is a small API center with the behaviour of the contract. It is its
// own transport: no sockets, so that it also works in a bubble.
type center struct {
	mu            sync.Mutex
	docs          map[string]map[string]any // by lower-case path
	order         []string                  // paths, oldest first
	services      []string
	subscriptions []string                    // of the center's services, and what an upstream has besides
	runs          map[string][]map[string]any // by link path, newest first
	requests      []string                    // "PUT /path?query body"
	fail          map[string]http.HandlerFunc // by "METHOD last-segment", instead of the usual
	took          time.Duration               // how long a run takes
	outcome       []string                    // of the next runs; then ok
	gone          map[string]time.Time        // links that are being deleted
	exports       map[string]any              // answer of an export
	access        entrance                    // keys, roles and sign-ins
}

func newCenter() *center {
	c := &center{
		docs: map[string]map[string]any{}, runs: map[string][]map[string]any{}, fail: map[string]http.HandlerFunc{},
		gone: map[string]time.Time{}, took: 3 * time.Second, services: []string{fakeService}, subscriptions: []string{"sub1"},
		exports: map[string]any{"format": "inline", "value": "{\"openapi\": \"3.0.1\"}\r\n\u00e9"},
	}
	c.store(fakeWorkspace, map[string]any{"title": "Default workspace"})
	c.put("/environments/prod", `{"title":"Production","kind":"production","server":{"type":"Azure API Management","managementPortalUri":[]},"customProperties":{}}`)
	for _, a := range []string{"petstore Pets rest", "echo Echo soap", "weather 天気予報 graphql"} {
		w := strings.Fields(a)
		c.put("/apis/"+w[0], fmt.Sprintf(`{"title":%q,"kind":%q,"lifecycleStage":"production","summary":"All <about> it","customProperties":{"cost":12345678901234567,"rate":0.5},"contacts":[]}`, w[1], w[2]))
	}
	c.put("/apis/petstore/versions/v1-0", `{"title":"v1","lifecycleStage":"production"}`)
	c.put("/apis/petstore/versions/v1-0/definitions/openapi", `{"title":"OpenAPI","specification":{"name":"openapi","version":"3.0.1"}}`)
	c.put("/apis/petstore/deployments/prod", `{"title":"Prod","state":"active","environmentId":"/workspaces/default/environments/prod","server":{"runtimeUri":["https://gw.example/pets","https://eu.example/pets"]}}`)
	c.put("/analyzerConfigs/spectral-openapi", `{"title":"OpenAPI","analyzerType":"spectral","state":"active"}`)
	c.store(fakeService, map[string]any{"provisioningState": "Succeeded"})["location"] = "westeurope"
	c.store(fakeService+"/webhooks/portal", map[string]any{"address": "https://hooks.example/x", "delivery": map[string]any{"state": "delivering", "cursor": "7"}})
	c.store(fakeService+"/metadataSchemas/team", map[string]any{
		"schema": `{"type":"string","title":"Team"}`, "assignedTo": []any{map[string]any{"entity": "api", "required": true}, map[string]any{"entity": "deployment"}},
	})
	c.store(strings.Replace(fakeService, "services/main", "deletedServices/old", 1), map[string]any{
		"softDeletionDate": "1999-12-30T00:00:00Z", "scheduledPurgeDate": "2000-01-29T00:00:00Z",
	})
	c.store("/subscriptions/sub1/resourcegroups/apis", map[string]any{})["location"] = "westeurope"
	c.put("/apiSources/prod-gateway", `{"apiSourceType":"AzureApiManagement","linkState":{"state":"syncing","lastUpdatedOn":"1999-12-31T23:59:00Z"},
		"synchronization":{"syncedAt":"1999-12-31T23:59:48Z","nextDue":"2000-01-01T00:00:48Z","apis":3,"held":["a","b"],"limited":false,"problems":1,"stalled":false,
			"ageSeconds":72,"definitionsAgeSeconds":4000,"targetSeconds":60,"late":false,"lastRun":{"outcome":"held","endedAt":"1999-12-31T23:59:50Z","errors":1}}}`)
	return c
}

// put stores a resource of the workspace.
func (c *center) put(path, properties string) {
	var p map[string]any
	d := json.NewDecoder(strings.NewReader(properties))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		panic(err)
	}
	c.store(fakeWorkspace+path, p)
}

func (c *center) store(path string, p map[string]any) map[string]any {
	key := strings.ToLower(path)
	if c.docs[key] == nil {
		c.order = append(c.order, key)
		c.docs[key] = map[string]any{"systemData": map[string]any{"createdAt": time.Now().UTC().Format(time.RFC3339Nano)}}
	}
	parts := strings.Split(path, "/")
	maps.Copy(c.docs[key], map[string]any{
		"id": path, "name": parts[len(parts)-1],
		"type": "Microsoft.ApiCenter/services/workspaces/" + parts[len(parts)-2], "properties": p,
	})
	return c.docs[key]
}

// RoundTrip hands the request to the handler.
func (c *center) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Result(), nil
}

func (c *center) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	query := strings.TrimPrefix(r.URL.RawQuery, "api-version=")
	c.requests = append(c.requests, strings.TrimSpace(fmt.Sprintf("%s %s ?%s %s", r.Method, r.URL.Path, query, body)))
	path := strings.TrimRight(r.URL.Path, "/")
	parts := strings.Split(path, "/")
	if f := c.fail[r.Method+" "+parts[len(parts)-1]]; f != nil {
		f(w, r)
		return
	}
	switch {
	case c.access.serve(w, r, body):
	case r.URL.Query().Get("api-version") == "":
		refuse(w, 400, "MissingApiVersionParameter", "no api-version", "api-version")
	case !c.access.knows(r):
		refuse(w, 401, "AuthenticationFailed", "the token is missing or wrong", "")
	case strings.HasSuffix(path, "/operationResults/op"):
		answerJSON(w, 200, map[string]any{"status": "Succeeded", "startTime": "2000-01-01T00:00:00Z", "endTime": "2000-01-01T00:00:05Z"})
	case path == "/subscriptions":
		list := []any{}
		for _, id := range c.subscriptions {
			list = append(list, map[string]any{"subscriptionId": id})
		}
		answerJSON(w, 200, map[string]any{"value": list})
	case path == "/providers/Microsoft.ResourceGraph/resources":
		c.graph(w, body)
	case path == "/subscriptions/sub1/providers/Microsoft.ApiCenter/services":
		var list []any
		for _, id := range c.services {
			one := map[string]any{"id": id, "name": last(id)}
			if doc := c.docs[strings.ToLower(id)]; doc != nil {
				one = doc
			}
			list = append(list, one)
		}
		answerJSON(w, 200, map[string]any{"value": list})
	case r.Method == http.MethodPost:
		c.action(w, parts, body)
	case parts[len(parts)-1] == "runs":
		c.progress(strings.ToLower(strings.TrimSuffix(path, "/runs")))
		answerJSON(w, 200, map[string]any{"value": c.runs[strings.ToLower(strings.TrimSuffix(path, "/runs"))]})
	case parts[len(parts)-1] == "previewDelete":
		answerJSON(w, 200, map[string]any{
			"goes": map[string]any{"apis": 2, "versions": 3, "made": 1}, "keeps": map[string]any{"apis": 3, "versions": 4, "environments": 1},
			"edited": 1, "shared": 1, "tombstoneSeconds": 30 * 24 * 3600, "entries": []any{
				map[string]any{"id": at + "/apis/pets", "kind": "api", "title": "Pets", "goes": true, "edited": true},
				map[string]any{"id": at + "/apis/orders", "kind": "api", "title": "Orders", "goes": false, "links": []string{"dev"}},
				map[string]any{"id": at + "/environments/gateway", "kind": "environment", "title": "Gateway", "goes": false, "why": "something else is deployed in it"},
			},
		})
	case parts[len(parts)-1] == "tombstones":
		answerJSON(w, 200, map[string]any{"value": []any{map[string]any{
			"id": 17, "kind": "api", "external": "apis/search", "why": "vanished", "at": now(), "own": map[string]any{"/summary": "ours"},
		}}})
	case len(parts)%2 == 0:
		c.list(w, r, path)
	default:
		c.one(w, r, path, body)
	}
}

func (c *center) one(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	key := strings.ToLower(path)
	if at, ok := c.gone[key]; ok && !time.Now().Before(at) {
		delete(c.docs, key)
	}
	old := c.docs[key]
	switch {
	case r.Method == http.MethodPut, r.Method == http.MethodPatch:
		var doc struct{ Properties map[string]any }
		if err := json.Unmarshal(body, &doc); err != nil {
			refuse(w, 400, "InvalidRequestContent", err.Error(), "")
			return
		}
		status := 200
		if old == nil {
			status = 201
		}
		if strings.Contains(path, "/apiSources/") {
			doc.Properties["linkState"] = map[string]any{"state": "initializing", "lastUpdatedOn": now()}
			if old == nil {
				c.start(key, "link")
			}
		}
		answerJSON(w, status, c.store(path, doc.Properties))
	case old == nil && r.Method == http.MethodDelete:
		w.WriteHeader(204)
	case old == nil:
		refuse(w, 404, "ResourceNotFound", "there is no "+path, "")
	case r.Method == http.MethodDelete && strings.Contains(path, "/apiSources/"):
		c.gone[key] = time.Now().Add(5 * time.Second)
		w.WriteHeader(200)
	case r.Method == http.MethodDelete:
		delete(c.docs, key)
		w.WriteHeader(200)
	default:
		answerJSON(w, 200, old)
	}
}

// graph answers a query for all services, in pages.
func (c *center) graph(w http.ResponseWriter, body []byte) {
	var q struct {
		Query         string
		Subscriptions []string
		Options       struct {
			SkipToken string `json:"$skipToken"`
		}
	}
	if err := json.Unmarshal(body, &q); err != nil || q.Query != "resources | where type =~ 'microsoft.apicenter/services'" {
		refuse(w, 400, "BadRequest", "no such query", "query")
		return
	}
	data := []any{}
	for _, id := range c.services {
		subscription := strings.Split(id, "/")[2]
		if len(q.Subscriptions) == 0 || slices.Contains(q.Subscriptions, subscription) {
			data = append(data, map[string]any{"id": id, "name": last(id), "subscriptionId": subscription})
		}
	}
	page := map[string]any{}
	skip, _ := strconv.Atoi(q.Options.SkipToken)
	end := min(skip+fakePage, len(data))
	if page["data"] = data[skip:end]; end < len(data) {
		page["$skipToken"] = strconv.Itoa(end)
	}
	answerJSON(w, 200, page)
}

// list answers a page, with a link to the next one that carries the query.
func (c *center) list(w http.ResponseWriter, r *http.Request, path string) {
	var all []any
	for _, key := range c.order {
		rest, ok := strings.CutPrefix(key, strings.ToLower(path)+"/")
		if doc := c.docs[key]; ok && doc != nil && !strings.Contains(rest, "/") &&
			strings.Contains(fmt.Sprint(doc), r.URL.Query().Get("$search")) {
			all = append(all, doc)
		}
	}
	q := r.URL.Query()
	skip, _ := strconv.Atoi(q.Get("$skiptoken"))
	end := min(skip+fakePage, len(all))
	page := map[string]any{"value": slices.Clone(all[skip:end])}
	if end < len(all) {
		q.Set("$skiptoken", strconv.Itoa(end))
		page["nextLink"] = fakeAddress + path + "?" + q.Encode()
	}
	answerJSON(w, 200, page)
}

func (c *center) action(w http.ResponseWriter, parts []string, body []byte) {
	key := strings.ToLower(strings.Join(parts[:len(parts)-1], "/"))
	if c.docs[key] == nil && (!slices.Contains([]string{"check", "plan", "explainMissing"}, parts[len(parts)-1]) || string(body) == "{}") {
		refuse(w, 404, "ResourceNotFound", "there is no "+key, "")
		return
	}
	switch parts[len(parts)-1] {
	case "sync":
		c.start(key, "request")
		answerJSON(w, 202, map[string]any{"requestedAt": now()})
	case "apply":
		c.start(key, "apply")
		answerJSON(w, 202, map[string]any{"requestedAt": now()})
	case "plan":
		answerJSON(w, 200, map[string]any{
			"digest": "5f2c", "plannedAt": now(), "adds": 1, "updates": 1, "moves": 0, "deletes": 0, "requests": 7, "expectedSeconds": 3, "changes": []any{
				map[string]any{"action": "add", "external": "apis/pets", "title": "Pets", "documents": []string{"apis/pets"}, "fields": []any{
					map[string]any{"kind": "api", "field": "/title", "after": "Pets"},
				}},
				map[string]any{"action": "change", "external": "apis/echo", "title": "Echo\x1b[31m", "fields": []any{
					map[string]any{"kind": "api", "field": "/description", "before": "old", "after": nil},
					map[string]any{"kind": "version", "external": "apis/echo", "field": "/title", "before": "v1", "after": "v2"},
				}},
				map[string]any{"action": "delete", "external": "apis/gone", "title": "Gone", "why": "the source no longer lists it"},
			},
		})
	case "explainMissing":
		answerJSON(w, 200, map[string]any{"verdict": "pending", "message": "the next synchronisation brings it"})
	case "check", "diagnose":
		answerJSON(w, 200, map[string]any{"ok": true, "findings": []any{
			map[string]any{"check": "token", "outcome": "ok", "message": "object id p0"},
			map[string]any{"check": "gateways", "outcome": "skipped", "message": "there are no workspaces"},
		}})
	case "merge", "unmerge", "lead":
		answerJSON(w, 200, c.docs[key])
	case "diff":
		answerJSON(w, 200, map[string]any{"verdict": "unchanged"})
	case "approve":
		answerJSON(w, 200, map[string]any{"approved": []string{"apis/pets"}})
	case "restoreTombstone":
		answerJSON(w, 200, map[string]any{"resourceId": fakeService + "/workspaces/default/apis/search", "restored": 5, "left": false})
	case "forgetTombstone":
		answerJSON(w, 200, map[string]any{"forgotten": 4})
	case "inherit":
		answerJSON(w, 200, map[string]any{"filed": 2, "returned": 1, "left": 0, "words": 1})
	case "pause":
		answerJSON(w, 200, map[string]any{"by": "ann", "at": "2026-03-01T08:00:00Z"})
	case "resume":
		answerJSON(w, 202, map[string]any{"requestedAt": "2026-03-01T08:00:00Z"})
	case "reject":
		answerJSON(w, 200, map[string]any{"rejected": []string{"apis/pets"}})
	case "exportSpecification", "exportMetadataSchema", "exportRuleset":
		answerJSON(w, 200, c.exports)
	case "newSecret":
		answerJSON(w, 200, map[string]any{"secret": "whsec_c2VjcmV0"})
	case "replay":
		answerJSON(w, 200, c.docs[key])
	case "importSpecification":
		w.WriteHeader(200)
	case "importFromApim", "importRuleset":
		w.Header().Set("Location", fakeAddress+fakeService+"/operationResults/op?api-version=x")
		w.Header().Set("Retry-After", "1")
		answerJSON(w, 202, map[string]any{"status": "InProgress"})
	default:
		refuse(w, 404, "ResourceNotFound", "no such action", "")
	}
}

// start begins a run of a link a second from now.
func (c *center) start(key, trigger string) {
	at := time.Now().Add(time.Second)
	c.runs[key] = append([]map[string]any{{
		"id": len(c.runs[key]) + 1, "trigger": trigger, "scope": "all", "phase": "read",
		"startedAt": at.UTC().Format(time.RFC3339Nano), "counts": map[string]any{"observed": 0},
	}}, c.runs[key]...)
}

// progress moves the newest run on to where it is by the clock.
func (c *center) progress(key string) {
	if len(c.runs[key]) == 0 || c.runs[key][0]["endedAt"] != nil {
		return
	}
	run := c.runs[key][0]
	at, _ := time.Parse(time.RFC3339Nano, run["startedAt"].(string))
	if gone := time.Since(at); gone >= c.took {
		outcome := "ok"
		if len(c.outcome) > 0 {
			outcome, c.outcome = c.outcome[0], c.outcome[1:]
		}
		maps.Copy(run, map[string]any{"endedAt": now(), "outcome": outcome, "durationSeconds": c.took.Seconds()})
		if outcome == "partial" {
			run["message"] = "1 object failed"
			run["errors"] = []any{map[string]any{"external": "apis/pets", "message": "too large"}}
		}
		if outcome == "interrupted" {
			c.start(key, "resume")
		}
	} else if gone > c.took/2 {
		run["phase"] = "apply"
		run["counts"] = map[string]any{"observed": 4, "added": 1, "unchanged": 2}
	}
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, message, target string) {
	w.Header().Set("x-ms-request-id", "req-1")
	answerJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": message, "target": target}})
}

// outcome is what a run of the command line left behind.
type outcome struct {
	code     int
	out, err string
	requests []string
}

// run runs a command line against the center, with the address and the token
// in the environment.
func (c *center) run(t testing.TB, args ...string) outcome {
	t.Helper()
	return c.runWith(t, Streams{}, args...)
}

func (c *center) runWith(t testing.TB, s Streams, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	s.Out, s.Err, s.Transport = &out, &errs, c
	if s.Getenv == nil {
		s.Getenv = env("APICENTER_SERVER", fakeAddress, "APICENTER_TOKEN", fakeToken)
	}
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	if s.ConfigDir == "" {
		s.ConfigDir = t.TempDir()
	}
	c.mu.Lock()
	c.requests = nil
	c.mu.Unlock()
	code := Execute(t.Context(), New(s), s, args)
	return outcome{code, out.String(), errs.String(), c.requests}
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// want fails the test unless the code is as wanted.
func (o outcome) want(t testing.TB, code int) {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d; stdout:\n%sstderr:\n%s", o.code, code, o.out, o.err)
	}
	if strings.Contains(o.out+o.err, fakeToken) {
		t.Errorf("the token is printed:\n%s%s", o.out, o.err)
	}
}
