//go:build unix

package portal_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/outline"
)

const benchAPIs = 10_000

var syllables = []string{"ka", "lo", "mi", "ter", "pon", "sa", "vel", "dor", "qui", "ba"}

// wordOf is a word that is nearly a number's own.
func wordOf(n int) string {
	var b strings.Builder
	for m := n + 100; m > 0; m /= 10 {
		b.WriteString(syllables[m%10])
	}
	return b.String()
}

// stock puts APIs into a desk's inventory: each with a version, a definition that
// defines eight operations and four types, and a deployment in one of five environments.
func (d *desk) stock(b *testing.B, n int) {
	b.Helper()
	var keys []string
	for e := range 5 {
		d.put(fmt.Sprintf("%s/environments/env%d", workspace, e), fmt.Sprintf(`{"title":"Environment %d","kind":"testing"}`, e))
		keys = append(keys, fmt.Sprintf("/workspaces/default/environments/env%d", e))
	}
	d.put(service+"/metadataSchemas/team", `{"schema":"{\"type\":\"string\",\"enum\":[\"red\",\"blue\",\"green\"]}","assignedTo":[{"entity":"api"}]}`)
	teams, kinds, stages := []string{"red", "blue", "green"}, []string{"rest", "rest", "rest", "soap", "graphql"}, []string{"design", "testing", "production", "deprecated"}
	for from := 0; from < n; from += 500 {
		digests := make([]inventory.Digest, 500)
		for i := range digests {
			var err error
			if digests[i], _, err = d.store.PutDocument(b.Context(), strings.NewReader(documentOf(from+i))); err != nil {
				b.Fatal(err)
			}
		}
		if err := d.store.Update(b.Context(), "ann", func(tx inventory.Tx) error {
			for i, digest := range digests {
				m := from + i
				path := fmt.Sprintf("%s/apis/api-%d", workspace, m)
				for _, put := range []struct{ path, own string }{
					{path, fmt.Sprintf(`{"title":"%s %s API","kind":%q,"summary":"Does %s for the department %d","description":%q,"customProperties":{"team":%q}}`,
						wordOf(m), wordOf(m%97), kinds[m%5], wordOf(m%301), m%13, strings.Repeat("It is described in some sentences. ", 6), teams[m%3])},
					{path + "/versions/v1", fmt.Sprintf(`{"title":"v1","lifecycleStage":%q}`, stages[m%4])},
					{path + "/versions/v1/definitions/openapi", fmt.Sprintf(`{"title":"OpenAPI","document":%q}`, digest)},
					{path + "/deployments/dep", fmt.Sprintf(`{"title":"Deployment","environmentId":%q,"server":{"runtimeUri":["https://%s.example.com"]}}`, keys[m%5], wordOf(m))},
				} {
					own, err := inventory.ParseDoc([]byte(put.own))
					if err != nil {
						return err
					}
					if _, err := tx.PutOwn(put.path, own, inventory.Condition{}); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	r := outline.New(d.store, slog.New(slog.DiscardHandler))
	for more := true; more; {
		var err error
		if more, err = r.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func documentOf(n int) string {
	paths, schemas := map[string]any{}, map[string]any{}
	for i := range 4 {
		a, z := wordOf(7*n+i), wordOf(n%(50+i))
		paths["/"+a+"/{id}/"+z] = map[string]any{
			"get":  map[string]any{"operationId": "get" + a, "summary": "Reads one " + z},
			"post": map[string]any{"operationId": "create" + z + a, "summary": "Makes another"},
		}
		schemas["Type"+z] = map[string]any{"type": "object"}
	}
	text, _ := json.Marshal(map[string]any{"openapi": "3.0.3", "paths": paths, "components": map[string]any{"schemas": schemas}})
	return string(text)
}

// BenchmarkPages measures the pages that people look at most, at 10,000 APIs, from
// the request to the last byte of the answer, by the real handler over a real
// store. -written means that something is written before each request, so that
// nothing is known from the last one.
//
//	go test ./internal/portal -run - -bench Pages -benchtime 300x
func BenchmarkPages(b *testing.B) {
	d := newDesk(b)
	d.stock(b, benchAPIs)
	reader := d.signedIn(adminKey)
	word := func(i int) string { return wordOf(i * 7919 % benchAPIs) }
	for _, page := range []struct {
		name    string
		written bool
		path    func(i int) string
	}{
		{"home", false, func(int) string { return "/portal/center" }},
		{"inventory", false, func(int) string { return apisPage }},
		{"inventory-written", true, func(int) string { return apisPage }},
		{"inventory-chosen", false, func(i int) string {
			return apisPage + []string{"?kind=rest&stage=design", "?environment=env1&custom.team=red", "?kind=graphql&sort=-updated", "?source="}[i%4]
		}},
		{"search-as-you-type", false, func(i int) string { w := word(i); return apisPage + "?q=" + w[:1+i%len(w)] }},
		{"search-two-words", false, func(i int) string { return apisPage + "?q=get+" + word(i)[:4] }},
		{"search-written", true, func(i int) string { w := word(i); return apisPage + "?q=" + w[:1+i%len(w)] }},
		{"api", false, func(i int) string { return fmt.Sprintf("%s/api-%d", apisPage, i*7919%benchAPIs) }},
		{"api-written", true, func(i int) string { return fmt.Sprintf("%s/api-%d", apisPage, i*7919%benchAPIs) }},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			busy := time.Duration(0)
			for i := 0; b.Loop(); i++ {
				if page.written {
					d.put(workspace+"/apis/orders", fmt.Sprintf(`{"title":"Orders","kind":"rest","summary":"Edition %d"}`, i))
				}
				path := page.path(i)
				began, used := time.Now(), cpu()
				w := reader.get(path)
				took, busy = append(took, time.Since(began)), busy+cpu()-used
				if w.Code != http.StatusOK {
					b.Fatalf("%s: %d %s", path, w.Code, w.Body)
				}
			}
			slices.Sort(took)
			b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
			b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
			b.ReportMetric(milliseconds(busy)/float64(len(took)), "cpu-ms")
		})
	}
}

// cpu is what the process has used: machines that run benchmarks have other work too.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
