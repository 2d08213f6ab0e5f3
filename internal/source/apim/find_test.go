package apim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"apicenter/internal/azure"
	"apicenter/internal/emulator"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// finder is the kind of source, that reads a world as the holder of its token.
func (w *world) finder() source.Kind {
	return apim.New(apim.Options{
		Endpoint: w.url, Limiters: &azure.Limiters{}, AllowLoopback: true,
		Credential: func(string) (azcore.TokenCredential, error) { return owner{}, nil },
	})
}

func TestFind(t *testing.T) {
	w := newWorld(t, emulator.Options{Instances: 3})
	find := w.finder().Find
	titles := func(in string) (all []string) {
		t.Helper()
		places, err := find(t.Context(), "", in)
		if err != nil {
			t.Fatalf("find in %q: %v", in, err)
		}
		for _, p := range places {
			all = append(all, strings.TrimPrefix(p.Group+"/"+p.Title, "/"))
		}
		return all
	}
	if got := titles(""); len(got) != 2 {
		t.Errorf("subscriptions %v, want the two of the directory", got)
	}
	instances, err := find(t.Context(), "", "/subscriptions/"+emulator.SubscriptionID)
	if err != nil || !slices.ContainsFunc(instances, func(p source.Place) bool { return strings.EqualFold(p.ID, w.instance) && p.Group != "" }) {
		t.Errorf("instances %+v, %v; want %s among them", instances, err, w.instance)
	}
	if got := titles(w.instance); len(got) == 0 {
		t.Errorf("no workspaces in %s", w.instance)
	}
	if _, err := find(t.Context(), "", "/providers/x"); err == nil {
		t.Error("something is found where nothing can be")
	}
}

func TestFindWithoutRights(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.intercept(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusForbidden)
		return true
	})
	if places, err := w.finder().Find(t.Context(), "", ""); err != nil || len(places) != 0 {
		t.Errorf("found %v, %v; want nothing, and no error", places, err)
	}
	w.intercept(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	if _, err := w.finder().Find(t.Context(), "", ""); err == nil {
		t.Error("a refused token is no error")
	}
}
