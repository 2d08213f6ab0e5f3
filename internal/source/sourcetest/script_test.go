package sourcetest_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

func read(ctx context.Context, c source.Connector, s source.Scope) (externals []string, err error) {
	for o, err := range c.Read(ctx, s) {
		if err != nil {
			return externals, err
		}
		externals = append(externals, o.External)
	}
	return externals, nil
}

func TestScriptYieldsWhatWasPut(t *testing.T) {
	s := sourcetest.NewScript()
	s.Put(sourcetest.API("apis/b", "B", "", []byte("{}")))
	s.Put(sourcetest.API("apis/a", "A", "1.0", nil))
	s.Put(sourcetest.API("apis/c", "C", "1.0", nil))
	s.Remove("apis/c")
	got, err := read(t.Context(), s, source.Scope{})
	if want := []string{"", "apis/a", "apis/b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
	if got, err := read(t.Context(), s, source.Scope{API: "apis/c"}); len(got) != 0 || err != nil {
		t.Errorf("read of a removed API: %q, %v", got, err)
	}
	if s.Reads() != 2 {
		t.Errorf("%d reads, want 2", s.Reads())
	}
}

func TestScriptReadsOneMemberOfAGroup(t *testing.T) {
	s := sourcetest.NewScript()
	s.Put(sourcetest.Group("apiversionsets/s", "S",
		sourcetest.Version("apis/s1", "1", nil), sourcetest.Version("apis/s2", "2", nil)))
	for o, err := range s.Read(t.Context(), source.Scope{API: "apis/s2"}) {
		if err != nil || !o.Partial || len(o.Children) != 1 || o.Children[0].External != "apis/s2" {
			t.Errorf("got %+v, %v", o, err)
		}
	}
}

func TestScriptFailsMidListing(t *testing.T) {
	broken := errors.New("broken")
	s := sourcetest.NewScript()
	s.Put(sourcetest.API("apis/a", "A", "", nil))
	for _, tt := range []struct{ after, want int }{{0, 0}, {1, 1}, {2, 2}, {9, 2}} {
		s.FailAfter(tt.after, broken)
		got, err := read(t.Context(), s, source.Scope{})
		if len(got) != tt.want || !errors.Is(err, broken) {
			t.Errorf("failing after %d: %q, %v", tt.after, got, err)
		}
	}
	s.FailAfter(0, nil)
	if _, err := read(t.Context(), s, source.Scope{}); err != nil {
		t.Errorf("healed, but %v", err)
	}
}

func TestScriptServesDocuments(t *testing.T) {
	s := sourcetest.NewScript()
	s.Put(sourcetest.API("apis/a", "A", "", []byte("one")))
	definition := func() source.Object {
		for o, err := range s.Read(t.Context(), source.Scope{API: "apis/a"}) {
			if err != nil {
				t.Fatal(err)
			}
			return o.Children[0].Children[0]
		}
		t.Fatal("no root")
		return source.Object{}
	}
	text := func() string {
		c, err := definition().Document.Open(t.Context())
		if err != nil {
			return err.Error()
		}
		b, _ := io.ReadAll(c)
		return string(b)
	}
	mark := definition().Document.Mark
	if got := text(); got != "one" {
		t.Errorf("document %q, want one", got)
	}
	s.Document("apis/a", []byte("two"))
	if got := text(); got != "two" || definition().Document.Mark != mark {
		t.Errorf("document %q with mark %q, want two with %q", got, definition().Document.Mark, mark)
	}
	s.FailDocument("apis/a", errors.New("corrupt"))
	if got := text(); got != "corrupt" {
		t.Errorf("document %q, want an error", got)
	}
	if s.Opens() != 3 || s.OpensOf("apis/a") != 3 {
		t.Errorf("%d opens, %d of apis/a; want 3", s.Opens(), s.OpensOf("apis/a"))
	}
}

func TestScriptProvesAbsence(t *testing.T) {
	s := sourcetest.NewScript()
	s.Put(sourcetest.API("apis/a", "A", "", nil))
	s.Hide("apis/hidden")
	for external, want := range map[string]bool{"apis/a": false, "apis/hidden": false, "apis/b": true} {
		if got, err := s.Gone(t.Context(), external); got != want || err != nil {
			t.Errorf("Gone(%q) = %t, %v; want %t", external, got, err, want)
		}
	}
	s.FailGone(errors.New("refused"))
	if got, err := s.Gone(t.Context(), "apis/b"); got || err == nil {
		t.Errorf("Gone = %t, %v; want an error", got, err)
	}
}

func TestScriptWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourcetest.NewScript()
		s.Delay(time.Second)
		start := time.Now()
		if _, err := read(t.Context(), s, source.Scope{}); err != nil || time.Since(start) != time.Second {
			t.Errorf("read took %v, %v; want 1s", time.Since(start), err)
		}
		s.Delay(0)
		release := s.Block()
		done := make(chan error, 1)
		go func() { _, err := read(t.Context(), s, source.Scope{}); done <- err }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("a blocked reading ended: %v", err)
		default:
		}
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.Block()
		cancel()
		if _, err := read(ctx, s, source.Scope{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled reading gave %v", err)
		}
	})
}

func TestScriptAsKind(t *testing.T) {
	s := sourcetest.NewScript()
	c, err := s.Kind().Open(t.Context(), inventory.Link{Source: "x"}, source.Env{First: true})
	if err != nil || c == nil || !s.Envs()[0].First || s.Links()[0].Source != "x" {
		t.Errorf("Open = %v, %v; envs %v, links %v", c, err, s.Envs(), s.Links())
	}
}
