package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"apicenter/internal/auth"
	"apicenter/internal/azure"
	"apicenter/internal/emulator"
	"apicenter/internal/engine"
	"apicenter/internal/httpapi/hookapi"
	"apicenter/internal/inventory"
	"apicenter/internal/jobs"
	"apicenter/internal/source"
	"apicenter/internal/source/apim"
)

// carrier hands requests to a handler without a network, so that a bubble may
// hold both ends. It counts those to Azure Resource Manager.
type carrier struct {
	handler http.Handler
	arm     atomic.Int64
}

func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/subscriptions/") {
		c.arm.Add(1)
	}
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, in)
	answer := rec.Result()
	answer.Request = r
	return answer, nil
}

type ownerOfAll struct{}

func (ownerOfAll) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "azemu", ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

// everybody may do anything.
type everybody struct{}

func (everybody) Allowed(context.Context, string, string) bool     { return true }
func (everybody) AuthorizeSomewhere(context.Context, string) error { return nil }
func signedIn(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Principal{Kind: auth.Key})))
	})
}

// TestAnImportOfManyAPIsIsAFewPasses has 500 APIs imported at once, with events
// on, and nothing that polls.
func TestAnImportOfManyAPIsIsAFewPasses(t *testing.T) {
	const imported = 500
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		defer s.Close()
		hooks := &carrier{}
		cloud, err := emulator.New(emulator.Options{APIs: 1, Webhooks: hooks})
		if err != nil {
			t.Fatal(err)
		}
		to := &carrier{handler: cloud.Handler()}
		kind := apim.New(apim.Options{
			Endpoint: "http://127.0.0.1:1", Audience: "https://management.azure.com", AllowLoopback: true, Limiters: &azure.Limiters{},
			Credential: func(string) (azcore.TokenCredential, error) { return ownerOfAll{}, nil }, Transport: to,
		})
		kinds := map[string]source.Kind{kind.Name: kind}
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		q, err := jobs.New(t.Context(), jobs.Options{
			DB: s.Writer(), Store: s, Engine: engine.New(s, kinds, engine.Options{Interval: 24 * time.Hour}), Log: log,
		})
		if err != nil {
			t.Fatal(err)
		}
		hooks.handler = signedIn(hookapi.New(hookapi.Options{Store: s, Access: everybody{}, Bell: q, Kinds: kinds, Log: log}))
		b := &bench{T: t, store: s, queue: q}
		b.update(func(tx inventory.Tx) error {
			own := inventory.Doc{}
			own.Set(inventory.FieldSourceType, kind.Name)
			own.Set(inventory.FieldSource, cloud.Target().InstanceID)
			own.Set(inventory.FieldImport, inventory.ImportAlways)
			return errors.Join(put(tx, "sub/group/center", inventory.Doc{}), put(tx, workspace, inventory.Doc{}), put(tx, linkPath, own))
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- q.Run(ctx) }()
		go func() { ended <- cloud.Run(ctx) }()
		time.Sleep(30 * time.Second)
		put := func(path, version, body string) {
			t.Helper()
			r := httptest.NewRequestWithContext(ctx, http.MethodPut, cloud.Target().InstanceID+path+"?api-version="+version, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer azemu")
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			if cloud.Handler().ServeHTTP(rec, r); rec.Code != http.StatusCreated {
				t.Fatalf("PUT %s: %d %s", path, rec.Code, rec.Body)
			}
		}
		put("/providers/Microsoft.EventGrid/eventSubscriptions/center", "2022-06-15",
			`{"properties":{"destination":{"endpointType":"WebHook","properties":{"endpointUrl":"http://127.0.0.1:1`+hookapi.Path+`"}}}}`)
		before := to.arm.Load()
		for i := range imported {
			put(fmt.Sprintf("/apis/a%03d", i), "2024-05-01", fmt.Sprintf(`{"properties":{"displayName":"A %d","path":"a%d","protocols":["https"],"format":"openapi+json",
				"value":"{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"A %d\",\"version\":\"1\"},\"paths\":{}}"}}`, i, i, i))
		}
		time.Sleep(10 * time.Second)
		var got inventory.Tally
		if err := s.View(ctx, func(r inventory.Reader) (err error) {
			got, err = r.Tally(link)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got.Versions != imported+1 || got.Missing+got.Problems != 0 {
			t.Errorf("ten seconds after the import: %+v, want %d APIs with their documents", got, imported+1)
		}
		time.Sleep(10 * time.Minute) // the later looks keep to the steady share of the budget
		if sent := to.arm.Load() - before; sent > 3*imported+50 {
			t.Errorf("%d requests, want at most %d", sent, 3*imported+50)
		} else {
			t.Logf("%d requests in %d runs", sent, len(b.runs()))
		}
		if waiting, err := q.Waiting(ctx); len(waiting) > 0 || err != nil {
			t.Errorf("still waiting: %v, %v", waiting, err)
		}
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
