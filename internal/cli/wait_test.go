package cli

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitEndsWithTheRun(t *testing.T) {
	syncing := []string{"integration", "sync", "-i", "prod-gateway", "--wait"}
	creating := []string{"integration", "create", "apim", "-i", "gw", "--azure-apim", "contoso", "--wait"}
	again := []string{"integration", "create", "apim", "-i", "prod-gateway", "--azure-apim", "contoso", "--wait"}
	for _, tt := range []struct {
		name     string
		args     []string
		outcomes []string
		before   func(c *center)
		code     int
		says     []string
		took     time.Duration // at least
	}{
		{"sync ok", syncing, nil, nil, exitOK, []string{"read: 0 of 0\n", "apply: 3 of 4\n"}, 4 * time.Second},
		{"new link ok", creating, nil, nil, exitOK, []string{"apply: 3 of 4\n"}, 4 * time.Second},
		{"link that was there is asked to sync", again, nil, nil, exitOK, []string{"apply"}, 4 * time.Second},
		{"partial", syncing, []string{"partial"}, nil, exitFailed, []string{"ended partial: 1 object failed", "apis/pets: too large"}, 4 * time.Second},
		{"failed", creating, []string{"failed"}, nil, exitFailed, []string{"ended failed"}, 4 * time.Second},
		{"held", syncing, []string{"held"}, nil, exitOK, []string{"integration approve"}, 4 * time.Second},
		{"interrupted goes on", syncing, []string{"interrupted"}, nil, exitOK, nil, 8 * time.Second},
		{"an older failure does not count", syncing, nil, func(c *center) {
			key := strings.ToLower(at + "/apiSources/prod-gateway")
			c.outcome = []string{"failed"}
			c.start(key, "poll")
			time.Sleep(10 * time.Second)
			c.progress(key)
		}, exitOK, nil, 14 * time.Second},
		{"the center restarts", syncing, nil, func(c *center) {
			n := 0
			c.fail["GET runs"] = func(w http.ResponseWriter, r *http.Request) {
				if n++; n > 5 {
					delete(c.fail, "GET runs")
				}
				refuse(w, 502, "BadGateway", "away", "")
			}
		}, exitOK, nil, 4 * time.Second},
		{"the center stays away", syncing, nil, func(c *center) {
			c.fail["GET runs"] = func(w http.ResponseWriter, r *http.Request) { refuse(w, 500, "InternalServerError", "away", "") }
		}, exitFailed, []string{"away"}, 55 * time.Second},
		{
			"never done", append(syncing, "--timeout", "20s"), nil, func(c *center) { c.took = time.Hour }, exitFailed,
			[]string{"not done after 20s", "goes on"},
			20 * time.Second,
		},
		{"link in error", creating, nil, func(c *center) {
			c.fail["GET runs"] = func(w http.ResponseWriter, r *http.Request) {
				answerJSON(w, 200, map[string]any{"value": []any{}})
			}
			c.fail["GET gw"] = func(w http.ResponseWriter, r *http.Request) {
				answerJSON(w, 200, map[string]any{"properties": map[string]any{"linkState": map[string]any{
					"state": "error", "message": "the reader role is missing", "lastUpdatedOn": now(),
				}}})
			}
		}, exitFailed, []string{"the reader role is missing"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, began := newCenter(), time.Now()
				c.outcome = tt.outcomes
				if tt.before != nil {
					tt.before(c)
				}
				o := c.run(t, tt.args...)
				o.want(t, tt.code)
				for _, want := range tt.says {
					if !strings.Contains(o.err, want) {
						t.Errorf("stderr:\n%sdoes not say %q", o.err, want)
					}
				}
				if took := time.Since(began); took < tt.took || took > tt.took+4*time.Second {
					t.Errorf("took %s, want about %s", took, tt.took)
				}
			})
		})
	}
}

func TestDeletionIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := newCenter(), time.Now()
		c.run(t, "integration", "delete", "-i", "prod-gateway", "-y", "--wait").want(t, exitOK)
		if took := time.Since(began); took < 5*time.Second || took > 8*time.Second {
			t.Errorf("took %s, want about 5s", took)
		}
		c.run(t, "integration", "show", "-i", "prod-gateway").want(t, exitNotFound)
		c.run(t, "integration", "delete", "-i", "prod-gateway", "-y", "--wait").want(t, exitOK)
	})
}

func TestABarOnATerminalLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCenter().runWith(t, Streams{ErrTerminal: true}, "integration", "sync", "-i", "prod-gateway", "--wait", "-o", "json")
		o.want(t, exitOK)
		if !strings.Contains(o.err, "apply") || !strings.Contains(o.err, "3/4") {
			t.Errorf("the bar %q does not show how far it is", o.err)
		}
		if last := o.err[strings.LastIndex(o.err, "\r")+1:]; strings.TrimSpace(last) != "" {
			t.Errorf("the bar leaves %q", last)
		}
	})
}

func TestCoversAllowsForSecondsOnly(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, "2026-01-01T00:00:"+s+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		then, since string
		want        bool
	}{{"02", "01", true}, {"01", "01.5", true}, {"01.4", "01.5", false}, {"00", "01.5", false}, {"01.5", "01.5", true}} {
		if got := covers(at(tt.then), at(tt.since)); got != tt.want {
			t.Errorf("covers(%s, %s) = %t", tt.then, tt.since, got)
		}
	}
	if covers(time.Time{}, time.Time{}) {
		t.Error("a run that has not started covers nothing")
	}
}
