package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"apicenter/internal/engine"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
	"apicenter/internal/store"
	"apicenter/internal/store/storetest"
)

// fataler is a test, or a draw of one.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// town is an inventory with several links, each to a scripted source of its own.
type town struct {
	fataler
	store   *store.Store
	engine  *engine.Engine
	sources map[string]*sourcetest.Script // by the name of their link
}

func newTown(t *testing.T, rule string, links ...string) *town {
	t.Helper()
	return settle(t, storetest.Open(t), rule, links...)
}

// settle makes a town of an empty store.
func settle(t fataler, s *store.Store, rule string, links ...string) *town {
	w := &town{fataler: t, store: s, sources: map[string]*sourcetest.Script{}}
	w.engine = engine.New(s, map[string]source.Kind{"Script": {Name: "Script", Open: func(_ context.Context, l inventory.Link, _ source.Env) (source.Connector, error) {
		return w.sources[strings.TrimPrefix(l.Source, "/")], nil
	}}}, engine.Options{Fetchers: 2})
	w.update(func(tx inventory.Tx) error { return put(tx, "sub/group/center", `{}`) })
	w.rule(rule)
	for _, name := range links {
		w.sources[name] = sourcetest.NewScript()
		w.connect(name)
	}
	return w
}

func (w *town) rule(rule string) {
	w.update(func(tx inventory.Tx) error {
		return put(tx, workspace, fmt.Sprintf(`{"title":"x","mergeRule":%q}`, rule))
	})
}

func linkTo(name string) inventory.ID { return inventory.MustID(workspace + "/links/" + name) }

// connect makes a link.
func (w *town) connect(name string) {
	w.update(func(tx inventory.Tx) error {
		return put(tx, workspace+"/links/"+name, `{"sourceType":"Script","source":"/`+name+`","importSpecification":"always"}`)
	})
}

func (w *town) update(f func(inventory.Tx) error) {
	w.Helper()
	if err := w.store.Update(context.Background(), "ann", f); err != nil {
		w.Fatal(err)
	}
}

func (w *town) view(f func(inventory.Reader) error) {
	w.Helper()
	if err := w.store.View(context.Background(), f); err != nil {
		w.Fatal(err)
	}
}

// pass works a whole pass of each link in turn, and gives the last one's run.
func (w *town) pass(links ...string) (run inventory.Run) {
	w.Helper()
	for _, name := range links {
		run = w.look(name, "")
	}
	return run
}

// look works a pass of one API of a link, or a whole one.
func (w *town) look(name, api string) inventory.Run {
	w.Helper()
	ctx := context.Background()
	p, err := w.engine.Begin(ctx, linkTo(name), engine.Work{Trigger: "schedule", Scope: source.Scope{API: api}})
	if err != nil {
		w.Fatal(err)
	}
	done, failure := p.Run(ctx, time.Now().Add(time.Minute), never)
	if err := p.Finish(ctx, failure, nil); err != nil || !done && !errors.Is(failure, engine.ErrRefused) {
		w.Fatal(done, failure, err)
	}
	var run inventory.Run
	w.view(func(r inventory.Reader) error {
		runs, err := r.Runs(linkTo(name), 1)
		run = runs[0]
		return err
	})
	if run.Counts.Failed > 0 {
		w.Fatalf("%s: %+v", name, run.Errors)
	}
	w.sound()
	return run
}

// unlink deletes a link with what it brought.
func (w *town) unlink(name string) {
	w.Helper()
	w.end(name, inventory.LinkStatus{State: inventory.Deleting})
}

// handOver deletes a link, and leaves what it brought to people.
func (w *town) handOver(name string) {
	w.Helper()
	w.end(name, inventory.LinkStatus{State: inventory.Deleting, HandsOver: true})
}

func (w *town) end(name string, s inventory.LinkStatus) {
	w.Helper()
	w.update(func(tx inventory.Tx) error { return tx.SetStatus(linkTo(name), s) })
	p, err := w.engine.Begin(context.Background(), linkTo(name), engine.Work{Trigger: "unlink"})
	if err != nil {
		w.Fatal(err)
	}
	defer p.Close()
	if done, err := p.Unlink(context.Background(), time.Now().Add(time.Minute)); !done || err != nil {
		w.Fatalf("unlink %s: %t, %v", name, done, err)
	}
	w.sound()
}

func (w *town) sound() {
	w.Helper()
	if faults, err := storetest.Faults(context.Background(), w.store); err != nil || len(faults) > 0 {
		w.Fatal(err, strings.Join(faults, "\n"))
	}
}

// records gives all below the workspace.
func (w *town) records() (all []inventory.Record) {
	w.Helper()
	w.view(func(r inventory.Reader) (err error) {
		all, err = r.Below(inventory.MustID(workspace))
		return err
	})
	return all
}

// api is the entry that has an API of a link.
func (w *town) api(link, external string) inventory.Record {
	w.Helper()
	for _, rec := range w.records() {
		if rec.ID.Kind() == inventory.KindAPI && slices.ContainsFunc(rec.Origins, func(o inventory.Origin) bool {
			return o.Link == linkTo(link) && o.External == external
		}) {
			return rec
		}
	}
	w.Fatalf("link %s has no %s in\n%s", link, external, w.chart())
	return inventory.Record{}
}

// chart tells what is there without any name: APIs and versions by their title and
// who states them; deployments and definitions by their link.
func (w *town) chart() string {
	w.Helper()
	return charted(w.records())
}

func charted(all []inventory.Record) string {
	of := func(rec inventory.Record) string {
		var names []string
		for _, o := range rec.Origins {
			names = append(names, o.Link.Name()+":"+o.External)
		}
		if len(names) == 0 {
			return "people"
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	var blocks []string
	for _, api := range all {
		if api.ID.Kind() != inventory.KindAPI {
			continue
		}
		var lines []string
		for _, rec := range all {
			switch rec.ID.Kind() {
			case inventory.KindVersion:
				if api.ID.Contains(rec.ID) {
					lines = append(lines, fmt.Sprintf("  version %s [%s]\n", rec.View().Text("/title"), of(rec)))
				}
			case inventory.KindDefinition:
				if api.ID.Contains(rec.ID) {
					above := all[slices.IndexFunc(all, func(v inventory.Record) bool { return v.ID == rec.ID.Parent() })]
					lines = append(lines, fmt.Sprintf("  version %s has definition [%s]\n", above.View().Text("/title"), of(rec)))
				}
			case inventory.KindDeployment:
				if api.ID.Contains(rec.ID) {
					at := rec.View().Text("/environmentId")
					lines = append(lines, fmt.Sprintf("  deployment [%s] in %s\n", of(rec), at[strings.LastIndexByte(at, '/')+1:]))
				}
			}
		}
		slices.Sort(lines)
		blocks = append(blocks, fmt.Sprintf("%s [%s]\n%s", api.View().Text("/title"), of(api), strings.Join(lines, "")))
	}
	slices.Sort(blocks)
	return strings.Join(blocks, "")
}

func (w *town) wants(when, want string) {
	w.Helper()
	if got := w.chart(); got != want {
		w.Errorf("%s:\n%swant:\n%s", when, got, want)
	}
}

// rests holds that the next passes do nothing.
func (w *town) rests(links ...string) {
	w.Helper()
	state := func() (out []string) {
		for _, rec := range w.records() {
			if rec.ID.Kind() != inventory.KindLink {
				out = append(out, fmt.Sprint(rec.Path, rec.Revision, rec.Own, rec.Origins))
			}
		}
		return out
	}
	before := state()
	for _, name := range links {
		if run := w.pass(name); run.Counts.Added+run.Counts.Updated+run.Counts.Moved+run.Counts.Merged+run.Counts.Deleted > 0 {
			w.Errorf("a pass of %s with nothing to do: %+v", name, run.Counts)
		}
	}
	if after := state(); !slices.Equal(before, after) {
		w.Errorf("passes with nothing to do wrote:\n%s\nwas\n%s", strings.Join(without(after, before), "\n"), strings.Join(without(before, after), "\n"))
	}
}

// without is what is in list and not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

func orders(external, title string, versions ...string) source.Object {
	var children []source.Object
	for _, v := range versions {
		children = append(children, sourcetest.Version("apis/"+external+"-"+v, v, []byte(`{"v":"`+v+`"}`)))
	}
	return sourcetest.Group("apiversionsets/"+external, title, children...)
}

const merged = `Orders [dev:apiversionsets/orders prod:apiversionsets/orders]
  deployment [dev:apis/orders-v1] in dev
  deployment [dev:apis/orders-v2] in dev
  deployment [prod:apis/orders-v1] in prod
  version v1 [dev:apis/orders-v1 prod:apis/orders-v1]
  version v1 has definition [dev:apis/orders-v1]
  version v1 has definition [prod:apis/orders-v1]
  version v2 [dev:apis/orders-v2]
  version v2 has definition [dev:apis/orders-v2]
`

func TestOneAPIBehindTwoGatewaysIsOneEntry(t *testing.T) {
	w := newTown(t, "title", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
	w.sources["prod"].Put(orders("orders", " ORDERS", "v1"))
	w.pass("dev")
	preview, err := w.engine.Preview(t.Context(), linkTo("prod"), nil)
	if err != nil || preview.Joins != 1 || len(preview.Changes) != 2 || preview.Changes[1].Joins != w.api("dev", "apiversionsets/orders").Name() {
		t.Errorf("foreseen: %+v, %v", preview, err)
	}
	if run := w.pass("prod"); run.Counts.Merged != 1 || run.Counts.Added != 1 {
		t.Errorf("run: %+v", run.Counts)
	}
	w.wants("after both passes", merged)
	w.rests("dev", "prod")

	w.sources["prod"].Put(orders("orders", "Orders", "v1", "V2"))
	w.pass("prod")
	if got := len(versionsOf(w.records(), w.api("dev", "apiversionsets/orders").ID)); got != 2 {
		t.Errorf("%d versions after prod has got v2, too:\n%s", got, w.chart())
	}
	w.sources["prod"].Put(orders("orders", "Orders", "v1"))
	w.pass("prod")
	w.wants("after prod has lost v2", merged)
	w.rests("dev", "prod")

	w.sources["dev"].Remove("apiversionsets/orders")
	w.update(func(tx inventory.Tx) error {
		return approve(tx, linkTo("dev"), "apis/orders-v1", "apis/orders-v2")
	})
	entry := w.api("dev", "apiversionsets/orders").Path
	w.pass("dev")
	w.wants("after the leading one has gone", `Orders [prod:apiversionsets/orders]
  deployment [prod:apis/orders-v1] in prod
  version v1 [prod:apis/orders-v1]
  version v1 has definition [prod:apis/orders-v1]
`)
	if got := w.api("prod", "apiversionsets/orders").Path; got != entry {
		t.Errorf("the entry was %s, is %s", entry, got)
	}
	w.rests("dev", "prod")
}

func versionsOf(all []inventory.Record, api inventory.ID) []inventory.Record {
	return slices.DeleteFunc(all, func(rec inventory.Record) bool {
		return rec.ID.Kind() != inventory.KindVersion || rec.ID.Parent() != api
	})
}

// A plan says what becomes one, and is not done when that would be another thing by then.
func TestAPlanCoversWhatItJoins(t *testing.T) {
	for _, tt := range []struct {
		name    string
		moves   func(w *town)
		outcome string
	}{
		{"as planned", func(*town) {}, "ok"},
		{"the other has gone", func(w *town) { w.unlink("dev") }, "refused"},
		{"the other has another title", func(w *town) { w.sources["dev"].Put(orders("orders", "Sales", "v1")); w.pass("dev") }, "refused"},
		{"the rule is another", func(w *town) { w.rule("name") }, "refused"},
		{"a person said which it is", func(w *town) {
			w.sources["dev"].Put(orders("b", "B", "v1"))
			w.pass("dev")
			w.update(func(tx inventory.Tx) error {
				return tx.Join(w.api("test", "apiversionsets/mine").ID, w.api("dev", "apiversionsets/b").ID)
			})
		}, "ok"}, // nothing that it is about
	} {
		w := newTown(t, "title", "dev", "test", "prod")
		w.sources["dev"].Put(orders("orders", "Orders", "v1"))
		w.sources["test"].Put(orders("mine", "Mine", "v1"))
		w.sources["prod"].Put(orders("orders", "Orders", "v1"))
		w.sources["prod"].Put(orders("orders-too", "orders", "v1"))
		w.pass("dev", "test")
		plan, err := w.engine.Preview(t.Context(), linkTo("prod"), nil)
		if err != nil || plan.Joins != 1 || plan.Changes[1].Joins != w.api("dev", "apiversionsets/orders").Name() || plan.Changes[2].Joins != "" {
			t.Errorf("%s: the plan: %+v, %v", tt.name, plan, err)
		}
		tt.moves(w)
		w.update(func(tx inventory.Tx) error {
			return tx.SetStatus(linkTo("prod"), inventory.LinkStatus{Agreed: &inventory.Agreement{Plan: plan.Digest, By: "ann"}})
		})
		if run := w.pass("prod"); run.Outcome != tt.outcome {
			t.Errorf("%s: the run ended %s, want %s", tt.name, run.Outcome, tt.outcome)
		}
	}
}

// A plan of a link that is not there knows what people said of its instance.
func TestAPlanOfALinkToBeKnowsPeoplesWords(t *testing.T) {
	w := newTown(t, "none", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1"))
	w.sources["prod"].Put(orders("sales", "Sales", "v1"))
	w.pass("dev", "prod")
	w.update(func(tx inventory.Tx) error {
		return tx.Join(w.api("prod", "apiversionsets/sales").ID, w.api("dev", "apiversionsets/orders").ID)
	})
	w.unlink("prod")
	again := inventory.Link{SourceType: "Script", Source: "/prod", Import: inventory.ImportAlways}
	plan, err := w.engine.Preview(t.Context(), linkTo("again"), &again)
	if want := w.api("dev", "apiversionsets/orders").Name(); err != nil || plan.Joins != 1 || plan.Changes[1].Joins != want {
		t.Errorf("the plan: %+v, %v; want that it joins %s", plan, err, want)
	}
}

func TestRulesOfMerging(t *testing.T) {
	addressed := func(external, address, title string) source.Object {
		o := sourcetest.API(external, title, "v1", nil)
		o.Children[0].Children[0].States.Set("/server/runtimeUri", []string{address})
		o.Seeds = inventory.Doc{}
		o.Seeds.Set("/customProperties/product", "Shop")
		return o
	}
	for _, tt := range []struct {
		rule string
		prod source.Object
		one  bool
	}{
		{"none", addressed("apis/orders", "https://a.example/shop/orders/v1", "Orders"), false},
		{"title", addressed("apis/x", "https://b.example/x", "  orders "), true},
		{"title", addressed("apis/orders", "https://b.example/shop/orders/v1", "Order"), false},
		{"path", addressed("apis/x", "https://b.example/Shop/Orders", "X"), true},
		{"path", addressed("apis/orders", "https://b.example/shop", "Orders"), false},
		{"name", addressed("workspaces/sales/apis/orders", "https://b.example/x", "X"), true},
		{"name", addressed("apis/order", "https://a.example/shop/orders/v1", "Orders"), false},
		{"/customProperties/product", addressed("apis/x", "https://b.example/x", "X"), true},
		{"/customProperties/team", addressed("apis/orders", "https://a.example/shop/orders/v1", "Orders"), false},
	} {
		w := newTown(t, tt.rule, "dev", "prod")
		w.sources["dev"].Put(addressed("apis/orders", "https://a.example/shop/orders/v1", "Orders"))
		w.sources["prod"].Put(tt.prod)
		w.pass("dev", "prod")
		if one := w.api("dev", "apis/orders").ID == w.api("prod", tt.prod.External).ID; one != tt.one {
			t.Errorf("rule %s, %s: one entry %t, want %t\n%s", tt.rule, tt.prod.External, one, tt.one, w.chart())
		}
		w.rests("dev", "prod")
	}
}

func TestWhatAPersonMadeIsNotMerged(t *testing.T) {
	w := newTown(t, "title", "dev")
	w.update(func(tx inventory.Tx) error { return put(tx, workspace+"/apis/mine", `{"title":"Orders"}`) })
	w.sources["dev"].Put(orders("orders", "Orders", "v1"))
	w.pass("dev")
	if rec := w.api("dev", "apiversionsets/orders"); rec.Name() == "mine" {
		t.Error("a rule took what a person made")
	}
}

func TestAPIsOfOneLinkStayApart(t *testing.T) {
	w := newTown(t, "title", "dev", "prod")
	w.sources["dev"].Put(orders("a", "Orders", "v1"))
	w.sources["dev"].Put(orders("b", "Orders", "v1"))
	w.sources["prod"].Put(orders("c", "Orders", "v1"))
	w.pass("dev")
	run := w.pass("prod")
	if len(w.api("prod", "apiversionsets/c").Origins) != 2 || w.api("dev", "apiversionsets/a").ID == w.api("dev", "apiversionsets/b").ID {
		t.Errorf("the map:\n%s", w.chart())
	}
	oldest := slices.MinFunc([]inventory.Record{w.api("dev", "apiversionsets/a"), w.api("dev", "apiversionsets/b")},
		func(a, b inventory.Record) int { return cmp.Compare(a.Key, b.Key) })
	if w.api("prod", "apiversionsets/c").ID != oldest.ID || len(run.Errors) != 1 || run.Outcome != "ok" || !strings.Contains(run.Errors[0].Message, oldest.Name()) {
		t.Errorf("of two that are the same, the oldest is to be taken, and the run to say so: %+v", run)
	}
	w.rests("dev", "prod")
}

func TestARuleTakesInWhatIsThere(t *testing.T) {
	for _, order := range [][]string{{"dev", "prod"}, {"prod", "dev"}} {
		w := newTown(t, "none", "dev", "prod")
		w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
		w.sources["prod"].Put(orders("orders", "Orders", "v1"))
		w.pass("dev", "prod")
		first, second := w.api("dev", "apiversionsets/orders"), w.api("prod", "apiversionsets/orders")
		w.update(func(tx inventory.Tx) error {
			_, err := tx.PutOwn(second.Path, second.Own.With("/summary", "of prod"), inventory.Condition{})
			return errors.Join(err, put(tx, first.Path+"/deployments/edge", `{"title":"Edge","definitionId":"`+
				inventory.ShortID(second.Path)+`/versions/version-v1/definitions/openapi"}`))
		})
		w.rule("title")
		w.pass(order...)
		w.pass(order...)
		if got := w.api("prod", "apiversionsets/orders"); got.ID != first.ID {
			t.Errorf("order %v: prod's is %s, want the older one\n%s", order, got.Path, w.chart())
		}
		w.view(func(r inventory.Reader) error {
			_, err := r.Get(second.ID)
			if !errors.Is(err, inventory.NotFound) || !strings.Contains(err.Error(), first.Path) {
				t.Errorf("the old name answers %v", err)
			}
			edge, err := r.Record(first.ID.Child(inventory.KindDeployment, "edge"))
			if err != nil {
				return err
			}
			definition, err := r.Record(inventory.MustID("sub/group/center" + edge.View().Text("/definitionId")))
			if err == nil && definition.Origins[0].Link != linkTo("prod") {
				t.Errorf("the deployment points to %s", definition.Path)
			}
			return err
		})
		w.rule("none")
		w.pass(order...)
		w.update(func(tx inventory.Tx) error {
			return tx.Delete(first.ID.Child(inventory.KindDeployment, "edge"), inventory.Condition{})
		})
		w.wants("after the rule was switched off", merged)
		w.rests(order...)
	}
}

func TestARenameFindsTheOther(t *testing.T) {
	for _, renamed := range []string{"dev", "prod"} {
		w := newTown(t, "title", "dev", "prod")
		w.sources["dev"].Put(orders("orders", "Orders", "v1"))
		w.sources["prod"].Put(orders("orders", "Orders", "v1"))
		w.sources[renamed].Put(orders("orders", "Something else", "v1"))
		w.pass("dev", "prod")
		first := w.api("dev", "apiversionsets/orders")
		w.sources[renamed].Put(orders("orders", "Orders", "v1"))
		w.pass(renamed, "dev", "prod")
		if got := w.api("prod", "apiversionsets/orders"); got.ID != first.ID || len(got.Origins) != 2 {
			t.Errorf("%s was renamed: prod's is %s, want %s", renamed, got.Path, first.Path)
		}
		w.rests("dev", "prod")
	}
}

func TestAVersionLeavesASharedEntry(t *testing.T) {
	w := newTown(t, "title", "dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
	w.sources["prod"].Put(orders("orders", "Orders", "v1", "v2"))
	w.pass("dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1"))
	w.sources["dev"].Put(sourcetest.Group("apiversionsets/alone", "Alone", sourcetest.Version("apis/orders-v2", "v2", []byte(`{"v":"v2"}`))))
	w.pass("dev", "prod")
	want := `Alone [dev:apiversionsets/alone]
  deployment [dev:apis/orders-v2] in dev
  version v2 [dev:apis/orders-v2]
  version v2 has definition [dev:apis/orders-v2]
Orders [dev:apiversionsets/orders prod:apiversionsets/orders]
  deployment [dev:apis/orders-v1] in dev
  deployment [prod:apis/orders-v1] in prod
  deployment [prod:apis/orders-v2] in prod
  version v1 [dev:apis/orders-v1 prod:apis/orders-v1]
  version v1 has definition [dev:apis/orders-v1]
  version v1 has definition [prod:apis/orders-v1]
  version v2 [prod:apis/orders-v2]
  version v2 has definition [prod:apis/orders-v2]
`
	w.wants("after dev moved v2", want)
	w.rests("dev", "prod")
	w.sources["dev"].Put(orders("orders", "Orders", "v1", "v2"))
	w.sources["dev"].Remove("apiversionsets/alone")
	w.pass("dev", "prod")
	if got := w.api("dev", "apiversionsets/orders"); len(versionsOf(w.records(), got.ID)) != 2 || len(got.Origins) != 2 {
		t.Errorf("after it came back:\n%s", w.chart())
	}
	w.rests("dev", "prod")
}
