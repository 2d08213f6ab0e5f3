package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"apicenter/client"
)

const (
	firstPause   = 250 * time.Millisecond // between two polls; doubles
	longestPause = 2 * time.Second
	badPolls     = 30 // that fail in a row before waiting is given up
)

// until polls step until it says that it is done. A center that is away for a
// moment, as when it restarts, does not end the wait. When limit has passed,
// hint tells what goes on without us.
func (s *session) until(ctx context.Context, limit time.Duration, hint string, step func(context.Context) (bool, error)) error {
	late := failed(hint, "not done after %s", limit)
	ctx, stop := context.WithTimeoutCause(ctx, limit, late)
	defer stop()
	bad := 0
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		done, err := step(ctx)
		switch {
		case ctx.Err() != nil:
			return ended(ctx)
		case err == nil && done:
			return nil
		case err == nil:
			bad = 0
		case !passing(err) || bad == badPolls:
			return err
		default:
			bad++
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// passing tells whether the next poll may well succeed.
func passing(err error) bool {
	if a, ok := errors.AsType[*apiError](err); ok {
		return a.Status >= 500 || a.Status == http.StatusTooManyRequests
	}
	f, ok := errors.AsType[*failure](err)
	return ok && f.passing
}

// watch shows the progress of the synchronisation that began at since or later
// and gives its run when it has ended, however it ended.
func (s *session) watch(ctx context.Context, link client.APISourceRef, since time.Time, limit time.Duration) (object, error) {
	p := newProgress(s.streams)
	defer p.end()
	var done object
	err := s.until(ctx, limit, "the synchronisation goes on: apicenter integration runs", func(ctx context.Context) (bool, error) {
		runs, err := told(link.Runs(ctx, client.ListOptions{Top: 50}))
		if err != nil {
			return false, err
		}
		run := pick(runs, since)
		if run == nil {
			return false, s.refused(ctx, link, since)
		}
		p.show(run)
		// The center takes an interrupted run up again by itself, as a new one.
		if running(run) || run.text("outcome") == "interrupted" {
			return false, nil
		}
		done = run
		return true, nil
	})
	return done, err
}

// pick is the run that answers a request made at since: the first one after it
// that has ended, else the one at work; nil when there is none yet.
func pick(runs []object, since time.Time) object {
	var best object
	for _, run := range runs {
		if !covers(run.time("startedAt"), since) {
			continue
		}
		if best == nil || better(run, best) {
			best = run
		}
	}
	return best
}

// better orders runs: ended, then running, then interrupted; of equals the older.
func better(a, b object) bool {
	rank := func(run object) int {
		switch {
		case running(run):
			return 1
		case run.text("outcome") == "interrupted":
			return 2
		}
		return 0
	}
	if rank(a) != rank(b) {
		return rank(a) < rank(b)
	}
	return a.time("startedAt").Before(b.time("startedAt"))
}

// covers tells whether a run that started at then has seen what was so at
// since. A start without a fraction is one that was cut to the second.
func covers(then, since time.Time) bool {
	if then.IsZero() {
		return false
	}
	if then.Nanosecond() == 0 {
		since = since.Truncate(time.Second)
	}
	return !then.Before(since)
}

// refused is an error if the link says that there will be no run.
func (s *session) refused(ctx context.Context, link client.APISourceRef, since time.Time) error {
	o, err := s.get(ctx, link.ID(), preview)
	if err != nil {
		return err
	}
	o = o.flat()
	if o.text("linkState.state") != "error" || !covers(o.time("linkState.lastUpdatedOn"), since) {
		return nil
	}
	return failed("apicenter integration show tells more", "the link is in error: %s", o.text("linkState.message"))
}

// verdict turns the outcome of a run into success or failure.
func (s *session) verdict(run object) error {
	switch outcome := run.text("outcome"); outcome {
	case "ok":
		return nil
	case "held":
		fmt.Fprintln(s.streams.Err, "Deletions are held back: see which and why with `apicenter integration deletions`, let them happen with `apicenter integration approve`, or keep the APIs with `apicenter integration reject`.")
		return nil
	default:
		message := "the synchronisation ended " + outcome
		if m := run.text("message"); m != "" {
			message += ": " + m
		}
		return failed(problems(run), "%s", message)
	}
}

// problems names the first few objects that a run failed at.
func problems(run object) string {
	const most = 5
	all := run.objects("errors")
	var lines []string
	for i, e := range all {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		lines = append(lines, e.text("external")+": "+e.text("message"))
	}
	if len(lines) == 0 {
		return ""
	}
	return "look at " + strings.Join(lines, "; ")
}
