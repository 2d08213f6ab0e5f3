package sourcetest_test

import (
	"testing"
	"time"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
	"apicenter/internal/source/sourcetest"
)

// subject is a Script under the suite: a stand-in must keep the laws too.
type subject struct{ script *sourcetest.Script }

func (s subject) Connect(t testing.TB, first bool) source.Connector {
	c, err := s.script.Kind().Open(t.Context(), inventory.Link{}, source.Env{First: first})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s subject) Put(_ testing.TB, name, title string, document []byte) {
	s.script.Put(sourcetest.Group(s.External(name), title, sourcetest.Version(s.External(name), "original", document)))
}

func (s subject) Delete(_ testing.TB, name string) { s.script.Remove(s.External(name)) }
func (s subject) External(name string) string      { return "apis/" + name }
func (s subject) MaxDocument() int64               { return 0 }

func (s subject) Break(_ testing.TB, f sourcetest.Fault) {
	errs := map[sourcetest.Fault]error{
		sourcetest.Refusing: &source.Error{Stalled: true, Message: "refused"},
		sourcetest.Missing:  &source.Error{Stalled: true, Message: "missing"},
		sourcetest.Busy:     &source.Error{After: 2 * time.Minute, Message: "busy"},
		sourcetest.Down:     &source.Error{Message: "down"},
		sourcetest.Halfway:  &source.Error{Message: "broke off"},
	}
	after := map[sourcetest.Fault]int{sourcetest.Halfway: 5}[f]
	s.script.FailAfter(after, errs[f])
	s.script.FailGone(errs[f])
	s.script.FailLog(errs[f])
}

func TestScriptKeepsTheLaws(t *testing.T) {
	sourcetest.Run(t, func(testing.TB) sourcetest.Subject { return subject{sourcetest.NewScript()} })
}
