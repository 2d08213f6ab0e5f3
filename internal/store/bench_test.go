//go:build unix

package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/store"
)

// The benchmarks report CPU time of the whole process beside the time that
// passed: machines that run them have other work too.

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func report(b *testing.B, before time.Duration, things int) {
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(things), "cpu-µs/thing")
}

const (
	benchWorkspace = "sub/group/center/workspaces/default"
	benchLink      = benchWorkspace + "/links/gateway"
)

// linked gives a store with a link and its claim.
func linked(b *testing.B) (*store.Store, inventory.Claim) {
	b.Helper()
	s := open(b)
	var c inventory.Claim
	if err := s.Update(b.Context(), "ann", func(tx inventory.Tx) (err error) {
		for _, path := range []string{"sub/group/center", benchWorkspace, benchLink, benchWorkspace + "/environments/prod"} {
			if _, err := tx.PutOwn(path, inventory.Doc{"/title": json.RawMessage(`"x"`)}, inventory.Condition{}); err != nil {
				return err
			}
		}
		c, err = tx.Begin(inventory.MustID(benchLink))
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return s, c
}

var syllables = []string{"ka", "lo", "mi", "ter", "pon", "sa", "vel", "dor", "qui", "ba"}

// title of API n: a word that is its own, one of 1 % and one of 30 % of the APIs.
func title(n int) string {
	rare := ""
	for m := n + 100; m > 0; m /= 10 {
		rare += syllables[m%10]
	}
	t := rare + " hundredth" + fmt.Sprint(n%100)
	if n%10 < 3 {
		t += " common"
	}
	return t + " API"
}

// thing is one call of PutOrigin.
type thing struct {
	id     inventory.ID
	origin inventory.Origin
	seeds  inventory.Doc
}

// tree is an API with a version, a definition and a deployment, as a source states it.
func tree(n int) []thing {
	external := fmt.Sprintf("apis/api-%06d", n)
	api := inventory.MustID(fmt.Sprintf("%s/apis/api-%06d-%08x", benchWorkspace, n, n*2654435761%(1<<32)))
	version := api.Child(inventory.KindVersion, "v1")
	definition := version.Child(inventory.KindDefinition, "openapi")
	stated := func(id inventory.ID, text string, seeds inventory.Doc) thing {
		states, err := inventory.ParseDoc([]byte(text))
		if err != nil {
			panic(err)
		}
		return thing{id, inventory.Origin{External: external, States: states, Mark: external, Read: time.Unix(1, 0)}, seeds}
	}
	return []thing{
		stated(api, fmt.Sprintf(`{"title":%q,"kind":"rest","description":%q}`, title(n), strings.Repeat("Orders, and what becomes of them. ", n%30)), nil),
		stated(version, `{"title":"v1"}`, inventory.Doc{"/lifecycleStage": json.RawMessage(`"production"`)}),
		stated(definition, `{"title":"OpenAPI","specification":{"name":"openapi","version":"3.0.1"}}`, nil),
		stated(api.Child(inventory.KindDeployment, "prod"), fmt.Sprintf(`{"title":"prod","environmentId":"/workspaces/default/environments/prod",
			"definitionId":%q,"server":{"runtimeUri":["https://gateway.example.com/orders"]}}`, inventory.ShortID(definition.String())), nil),
	}
}

func trees(n int) [][]thing {
	out := make([][]thing, n)
	for i := range out {
		out[i] = tree(i)
	}
	return out
}

const batch = 64

func fill(b *testing.B, s *store.Store, c inventory.Claim, all [][]thing) {
	b.Helper()
	for some := range slices.Chunk(all, batch) {
		if err := s.Apply(b.Context(), c, func(tx inventory.SourceTx) error {
			for _, tree := range some {
				for _, t := range tree {
					if err := tx.PutOrigin(t.id, t.origin, t.seeds); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFirstSync(b *testing.B) {
	all := trees(5000)
	for b.Loop() {
		b.StopTimer()
		s, c := linked(b)
		b.StartTimer()
		before := cpu()
		fill(b, s, c, all)
		report(b, before, len(all))
		var size float64
		if err := s.Writer().QueryRowContext(b.Context(), `select page_count * page_size from pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(size/float64(len(all)), "bytes/thing")
	}
}

// filled gives a store of 10,000 APIs.
func filled(b *testing.B) *store.Store {
	b.Helper()
	s, c := linked(b)
	fill(b, s, c, trees(10_000))
	b.ResetTimer()
	return s
}

func BenchmarkRead(b *testing.B) {
	s := filled(b)
	var ids []inventory.ID
	workspace := inventory.MustID(benchWorkspace)
	if err := s.View(b.Context(), func(tx inventory.Reader) error {
		for r, err := range tx.List(inventory.Query{Parent: workspace, Kind: inventory.KindAPI}) {
			if err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range []struct {
		name string
		q    func() inventory.Query
	}{
		{"List20", func() inventory.Query { return inventory.Query{Limit: 20, Skip: random.IntN(20)} }},
		{"SearchRare20", func() inventory.Query {
			return inventory.Query{Limit: 20, Search: strings.Fields(title(random.IntN(10_000)))[0]}
		}},
		{"SearchHundredth20", func() inventory.Query {
			return inventory.Query{Limit: 20, Search: fmt.Sprint("hundredth", random.IntN(100))}
		}},
		{"SearchCommon20", func() inventory.Query { return inventory.Query{Limit: 20, Search: "common"} }},
		{"SearchPrefix20", func() inventory.Query { return inventory.Query{Limit: 20, Search: "hund"} }},
		{"RankHundredth20", func() inventory.Query {
			return inventory.Query{Limit: 20, Search: fmt.Sprint("hundredth", random.IntN(100)), Order: inventory.Order{By: inventory.ByRank}}
		}},
		{"RankCommon20", func() inventory.Query {
			return inventory.Query{Limit: 20, Search: "common", Order: inventory.Order{By: inventory.ByRank}}
		}},
		{"ByName20", func() inventory.Query {
			return inventory.Query{Limit: 20, Skip: random.IntN(20), Order: inventory.Order{By: inventory.ByName}}
		}},
		{"ByUpdated20", func() inventory.Query {
			return inventory.Query{Limit: 20, Skip: random.IntN(20), Order: inventory.Order{By: inventory.ByUpdated, Descending: true}}
		}},
		{"ByTitle20", func() inventory.Query {
			return inventory.Query{Limit: 20, Skip: random.IntN(20), Order: inventory.Order{By: inventory.ByTitle}}
		}},
		{"FilterNone", func() inventory.Query {
			return inventory.Query{Limit: 20, Filter: &inventory.Expr{Op: "eq", Field: "/title", Value: "none"}}
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				q := kind.q()
				q.Parent, q.Kind = workspace, inventory.KindAPI
				if err := s.View(b.Context(), func(tx inventory.Reader) error {
					for _, err := range tx.List(q) {
						if err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			report(b, before, b.N)
		})
	}
	for name, ctx := range map[string]context.Context{"Get": context.Background(), "GetCancellable": b.Context()} {
		b.Run(name, func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				if err := s.View(ctx, func(tx inventory.Reader) error {
					_, err := tx.Get(ids[random.IntN(len(ids))])
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
			report(b, before, b.N)
		})
	}
	b.Run("Origins", func(b *testing.B) {
		before, n := cpu(), 0
		for b.Loop() {
			if err := s.View(b.Context(), func(tx inventory.Reader) error {
				for _, err := range tx.Origins(inventory.MustID(benchLink), inventory.KindEnvironment, inventory.KindAPI, inventory.KindVersion) {
					if n++; err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((cpu()-before).Seconds()/float64(b.N), "cpu-s/op")
		b.ReportMetric(float64(n)/float64(b.N), "entries/op")
	})
}

func BenchmarkPutDocument(b *testing.B) {
	for _, size := range []int{20 << 10, 200 << 10, 2 << 20} {
		for _, writers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%dkB by %d", size>>10, writers), func(b *testing.B) {
				s := open(b)
				body := openAPI(size)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				before := cpu()
				var n atomic.Int64
				var group sync.WaitGroup
				for range writers {
					group.Go(func() {
						for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
							unique := fmt.Sprintf(`{"n":%d,`, i)
							if _, _, err := s.PutDocument(b.Context(), io.MultiReader(strings.NewReader(unique), bytes.NewReader(body[1:]))); err != nil {
								b.Error(err)
							}
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(len(body))*float64(b.N)/1e6/(cpu()-before).Seconds(), "MB/cpu-s")
			})
		}
	}
}

// openAPI makes a document of about that size, with the repetition and the
// variety of real ones.
func openAPI(size int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	word := func() string {
		var w string
		for range 1 + random.IntN(3) {
			w += syllables[random.IntN(len(syllables))]
		}
		return w
	}
	var out bytes.Buffer
	out.WriteString(`{"openapi":"3.0.1","info":{"title":"Orders","version":"1.0"},"paths":{`)
	for out.Len() < size {
		name, model := word(), word()
		fmt.Fprintf(&out, `"/%s/{%sId}":{"get":{"summary":"Get a %s","description":"Gives the %s of a %s, with its %s.","operationId":"get-%s-%d","parameters":[{"name":"%sId","in":"path","required":true,"schema":{"type":"string","format":"uuid"}}],"responses":{"200":{"description":"%s","content":{"application/json":{"schema":{"$ref":"#/components/schemas/%s"},"example":{"id":"%08x","%s":%d}}}},"404":{"description":"There is no such %s"}}}},`,
			name, model, model, word(), model, word(), name, random.IntN(1000), model, word(), model, random.Uint32(), word(), random.IntN(10_000), model)
	}
	out.WriteString(`"/":{}}}`)
	return out.Bytes()
}
