package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"apicenter/internal/inventory"
)

// transactions are the promises of View, Update and Apply themselves.
var transactions = []promise{
	{"an error takes all back", testRollback},
	{"a panic takes all back and frees the writer", testPanic},
	{"a context that ends takes all back", testCancel},
	{"a query that is interrupted leaves a sound store", testInterrupt},
	{"readers see whole transactions only", testIsolation},
	{"writers take turns", testWriters},
	{"documents of many writers share transactions", testDocumentWriters},
	{"the generation tells what was written", testGeneration},
}

var errUndo = errors.New("undo")

// sound fails unless the store can be read and written at once.
func (b *bench) sound() {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), 5*time.Second)
	defer stop()
	if err := b.Update(ctx, "ann", func(tx inventory.Tx) error {
		_, err := tx.PutOwn(petstore+"-sound", doc(`{"title":"x"}`), inventory.Condition{})
		return err
	}); err != nil {
		b.Fatalf("write after it: %v", err)
	}
	b.get(petstore + "-sound")
}

func testRollback(t *testing.T, b *bench) {
	err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
		if _, err := tx.PutOwn(petstore, doc(`{"title":"x"}`), inventory.Condition{}); err != nil {
			return err
		}
		if err := tx.PutHint(inventory.Hint{Link: id(linkPath)}); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Errorf("update: %v, want the error of f", err)
	}
	b.missing(petstore)
	b.same("hints", len(b.hints()), 0)
	if err := b.View(t.Context(), func(inventory.Reader) error { return errUndo }); !errors.Is(err, errUndo) {
		t.Errorf("view: %v, want the error of f", err)
	}
	b.sound()
}

func testPanic(t *testing.T, b *bench) {
	for name, do := range map[string]func(){
		"update": func() {
			_ = b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
				if _, err := tx.PutOwn(petstore, doc(`{"title":"x"}`), inventory.Condition{}); err != nil {
					return err
				}
				for range tx.List(inventory.Query{Kind: inventory.KindAPI}) {
					panic("on purpose, with a query open")
				}
				return nil
			})
		},
		"view": func() {
			_ = b.View(t.Context(), func(inventory.Reader) error { panic("on purpose") })
		},
	} {
		for range 20 { // more often than there are connections
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: the panic was swallowed", name)
					}
				}()
				do()
			}()
		}
		b.missing(petstore)
		b.sound()
	}
}

func testCancel(t *testing.T, b *bench) {
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		var inside error
		err := b.Update(ctx, "ann", func(tx inventory.Tx) error {
			if _, err := tx.PutOwn(petstore, doc(`{"title":"x"}`), inventory.Condition{}); err != nil {
				return err
			}
			stop()
			_, inside = tx.PutOwn(version, doc(`{"title":"x"}`), inventory.Condition{})
			return nil // whoever ignores it does not commit
		})
		if !errors.Is(err, context.Canceled) || !errors.Is(inside, context.Canceled) {
			t.Fatalf("update: %v, inside: %v, want canceled", err, inside)
		}
		if err := b.View(ctx, func(inventory.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Fatalf("view: %v, want canceled", err)
		}
		if _, _, err := b.PutDocument(ctx, strings.NewReader("x")); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("document: %v", err)
		}
	}
	b.missing(petstore)
	b.sound()
}

func testInterrupt(t *testing.T, b *bench) {
	b.update(func(tx inventory.Tx) error {
		for i := range 300 {
			if _, err := tx.PutOwn(fmt.Sprintf("%s-%d", petstore, i), doc(`{"title":"x"}`), inventory.Condition{}); err != nil {
				return err
			}
		}
		return nil
	})
	slow := inventory.Expr{Op: "and"} // true of nothing, and long to say so
	for range 99 {
		slow.Args = append(slow.Args, inventory.Expr{Op: "not", Args: []inventory.Expr{{Op: "eq", Field: "/title", Value: "y"}}})
	}
	slow.Args = append(slow.Args, inventory.Expr{Op: "eq", Field: "/title", Value: "y"})
	list := func(tx inventory.Reader) error {
		for {
			for _, err := range tx.List(inventory.Query{Kind: inventory.KindAPI, Filter: &slow}) {
				if err != nil {
					return err
				}
			}
		}
	}
	for i := range 6 {
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(5+i)*time.Millisecond)
		if err := b.View(ctx, list); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("view: %v, want deadline exceeded", err)
		}
		err := b.Update(ctx, "ann", func(tx inventory.Tx) error { return list(tx) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("update: %v, want deadline exceeded", err)
		}
		stop()
		ctx, stop = context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := b.Update(ctx, "ann", func(tx inventory.Tx) error { return list(tx) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("update: %v, want deadline exceeded", err)
		}
		stop()
		b.sound()
	}
}

func testIsolation(t *testing.T, b *bench) {
	const apis = 5
	write := func(i int) error {
		return b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
			for n := range apis {
				if _, err := tx.PutOwn(fmt.Sprintf("%s-%d", petstore, n), doc(fmt.Sprintf(`{"title":"%d"}`, i)), inventory.Condition{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	var readers, writer sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := b.View(t.Context(), func(tx inventory.Reader) error {
					titles := map[string]int{}
					for n := range apis {
						r, err := tx.Get(id(fmt.Sprintf("%s-%d", petstore, n)))
						if err != nil {
							return err
						}
						titles[string(r.Doc)]++
					}
					for r, err := range tx.List(inventory.Query{Kind: inventory.KindAPI}) {
						if err != nil {
							return err
						}
						titles[string(r.Doc)]++
					}
					if len(titles) != 1 {
						return fmt.Errorf("one state shows %v", titles)
					}
					return nil
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writer.Go(func() {
		for i := range 50 {
			if err := write(i); err != nil {
				t.Error(err)
				return
			}
		}
	})
	writer.Wait()
	close(done)
	readers.Wait()
}

func testWriters(t *testing.T, b *bench) {
	b.own(petstore, `{"title":"0"}`)
	claim := b.begin()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 25 {
				if err := b.Update(t.Context(), "ann", func(tx inventory.Tx) error {
					r, err := tx.Record(id(petstore))
					if err != nil {
						return err
					}
					r.Own.Set("/title", r.Own.Text("/title")+"+")
					_, err = tx.PutOwn(petstore, r.Own, inventory.Condition{Revision: r.Revision})
					return err
				}); err != nil {
					t.Error(err)
				}
				if err := b.Apply(t.Context(), claim, func(tx inventory.SourceTx) error {
					r, err := tx.Record(id(petstore))
					if err != nil {
						return err
					}
					n := 0
					if o, ok := r.Stated("/summary"); ok {
						n = len(o.States.Text("/summary"))
					}
					states := inventory.Doc{}
					states.Set("/summary", strings.Repeat("s", n+1))
					return tx.PutOrigin(id(petstore), inventory.Origin{External: "1", States: states, Read: noon}, nil)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got := b.record(petstore)
	if title, summary := len(got.View().Text("/title")), len(got.View().Text("/summary")); title != 101 || summary != 100 || got.Revision != 201 {
		t.Errorf("%d and %d writes of 100 each are there, at revision %d", title-1, summary, got.Revision)
	}
}

func testDocumentWriters(t *testing.T, b *bench) {
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for i := range 25 {
				body := strings.Repeat(fmt.Sprintf("%d %d ", i, n%4), 1000) // each by two
				d, _, err := b.PutDocument(t.Context(), strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r, size, err := b.Document(t.Context(), d)
				if err != nil || size != int64(len(body)) {
					t.Errorf("document %s: %d bytes, %v", d, size, err)
					return
				}
				got, err := io.ReadAll(r)
				if err = errors.Join(err, r.Close()); err != nil || string(got) != body {
					t.Errorf("document %s is not what was put, %v", d, err)
				}
			}
		})
	}
	group.Wait()
}

func testGeneration(t *testing.T, b *bench) {
	last := b.Generation()
	if last == 0 {
		return // it is not known: nobody may rely on it
	}
	changes := func(what string, want bool, do func()) {
		t.Helper()
		do()
		if now := b.Generation(); (now != last) != want {
			t.Errorf("%s: the generation went from %d to %d", what, last, now)
		}
		last = b.Generation()
	}
	changes("a person's write", true, func() { b.own(petstore, `{"title":"x"}`) })
	changes("a read", false, func() { b.get(petstore) })
	changes("a claim", true, func() { b.begin() })
	changes("a source's write", true, func() { b.put(petstore, "apis/petstore", `{"title":"y"}`, `{}`, noon) })
}
