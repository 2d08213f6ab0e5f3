package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/subscription"
)

// Once Azure took a subscription, it shows its key: the key may only end when the
// subscription is known to have failed.
func TestWhatIsKnownOfASubscriptionThatAzureTook(t *testing.T) {
	type says struct {
		status int
		state  string
	}
	for name, tt := range map[string]struct {
		put    says
		polls  []says // the last one goes on
		leaves bool   // who asks does, while the first answer comes
		proven bool
		fails  bool
		within time.Duration
	}{
		"proven at once":  {put: says{201, "Succeeded"}, proven: true},
		"proven later":    {put: says{201, "Creating"}, polls: []says{{200, "Creating"}, {200, "Succeeded"}}, proven: true, within: 2 * time.Second},
		"refused":         {put: says{403, ""}, fails: true},
		"failed":          {put: says{201, "Creating"}, polls: []says{{200, "Failed"}}, fails: true, within: time.Second},
		"asked too often": {put: says{201, "Creating"}, polls: []says{{429, ""}, {200, "Succeeded"}}, proven: true, within: 2 * time.Second},
		"who asks leaves": {put: says{201, "Creating"}, polls: []says{{200, "Succeeded"}}, leaves: true, proven: true, within: time.Second},
		"never told":      {put: says{201, "Creating"}, polls: []says{{500, ""}}, within: provenWithin},
		"never proven":    {put: says{201, "Creating"}, polls: []says{{200, "Creating"}}, within: provenWithin},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				polls := tt.polls
				azure := func(w http.ResponseWriter, r *http.Request) {
					next := tt.put
					if r.Method == http.MethodGet {
						if next = polls[0]; len(polls) > 1 {
							polls = polls[1:]
						}
					} else if tt.leaves {
						leave()
					}
					if r.Context().Err() != nil {
						next.status = http.StatusServiceUnavailable
					}
					w.WriteHeader(next.status)
					_ = json.NewEncoder(w).Encode(map[string]any{"properties": map[string]string{"provisioningState": next.state}})
				}
				began := time.Now()
				proven, err := person{http.HandlerFunc(azure), ctx, "token"}.subscribe(subscription.Subscription{Instance: "/gw", Name: "n"}, "key")
				if proven != tt.proven || (err != nil) != tt.fails || time.Since(began) != tt.within {
					t.Errorf("proven %t, %v, after %s; want %t, an error %t, after %s", proven, err, time.Since(began), tt.proven, tt.fails, tt.within)
				}
			})
		})
	}
}
