package system

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Run is one pass of a link.
type Run struct {
	ID        int64           `json:"id"`
	Phase     string          `json:"phase"`
	StartedAt time.Time       `json:"startedAt"`
	EndedAt   time.Time       `json:"endedAt"` // zero while it goes on
	Outcome   string          `json:"outcome"`
	Message   string          `json:"message"`
	Counts    Counts          `json:"counts"`
	Errors    json.RawMessage `json:"errors"`
}

// Counts are what a run did, in APIs of the source.
type Counts struct {
	Observed, Added, Updated, Deleted, Unchanged, Documents, Failed int
}

// Runs gives the newest runs of a link, newest first.
func (c *Center) Runs(ctx context.Context, name string) ([]Run, error) {
	var p struct{ Value []Run }
	err := c.call(ctx, http.MethodGet, c.link(name)+"/runs?$top=20", nil, &p)
	return p.Value, err
}

// LastRun is the id of the newest run of a link, 0 when there is none.
func (c *Center) LastRun(ctx context.Context, name string) (int64, error) {
	runs, err := c.Runs(ctx, name)
	if err != nil || len(runs) == 0 {
		return 0, err
	}
	return runs[0].ID, nil
}

// Synced waits until a run of the link that is newer than the one named has
// ended well. It fails when that one ended otherwise; what was interrupted is
// taken up again by the center, as a new run.
func (c *Center) Synced(ctx context.Context, name string, newerThan int64) (Run, error) {
	var done Run
	err := Poll(ctx, "the link "+name+" to be in step", func() (bool, error) {
		runs, err := c.Runs(ctx, name)
		if err != nil || len(runs) == 0 || runs[0].ID <= newerThan || runs[0].EndedAt.IsZero() {
			return false, err
		}
		if done = runs[0]; done.Outcome == "interrupted" {
			return false, nil
		}
		if done.Outcome != "ok" {
			return false, fmt.Errorf("the run of %s ended %s: %s %s", name, done.Outcome, done.Message, done.Errors)
		}
		return true, nil
	})
	return done, err
}
