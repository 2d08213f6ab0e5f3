package sourcetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"apicenter/internal/source"
)

// logTells holds a connector that is a Watcher to what is done at its source.
func logTells(t *testing.T, s Subject) {
	w, ok := s.Connect(t, false).(source.Watcher)
	if !ok {
		return
	}
	began := time.Now().Add(-time.Minute)
	s.Put(t, "kept", "Kept", document("kept"))
	s.Put(t, "lost", "Lost", document("lost"))
	first := follow(t, w, began)
	s.Put(t, "kept", "Renamed", document("kept"))
	s.Delete(t, "lost")
	second := follow(t, w, began)
	for entry, change := range first {
		if again, ok := second[entry]; !ok || again.Scope != change.Scope || !again.At.Equal(change.At) {
			t.Errorf("entry %q was %+v, and is %+v", entry, change, again)
		}
		delete(second, entry)
	}
	for _, external := range []string{s.External("kept"), s.External("lost")} {
		for when, changes := range map[string]map[string]source.Change{"made": first, "changed": second} {
			if !slices.ContainsFunc(scopes(changes), func(sc source.Scope) bool { return sc.API == external }) {
				t.Errorf("%s was %s, and the log tells only of %+v", external, when, scopes(changes))
			}
		}
	}
	if later := follow(t, w, time.Now().Add(time.Minute)); len(later) > 0 {
		t.Errorf("of the future: %+v", later)
	}
	sent := w.(source.Connector).Requests()
	for _, tt := range broken {
		if tt.fault == Halfway {
			continue // a log of a few entries has no half
		}
		s.Break(t, tt.fault)
		_, err := changes(t.Context(), s.Connect(t, false).(source.Watcher), began)
		if source.Stalled(err) != tt.stalled || source.RetryAfter(err) < tt.after || err == nil {
			t.Errorf("%s: stalled %t, after %v (%v); want %t, at least %v", tt.fault, source.Stalled(err), source.RetryAfter(err), err, tt.stalled, tt.after)
		}
		s.Break(t, Healthy)
	}
	follow(t, w, began)
	if now := w.(source.Connector).Requests(); now <= sent {
		t.Errorf("%d requests after a reading, %d before", now, sent)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := changes(ctx, w, began); !errors.Is(err, context.Canceled) {
		t.Errorf("in a cancelled context: %v", err)
	}
}

// changes reads a log to its end, and gives what it tells by entry.
func changes(ctx context.Context, w source.Watcher, since time.Time) (map[string]source.Change, error) {
	out := map[string]source.Change{}
	for c, err := range w.Changes(ctx, since) {
		if err != nil {
			return out, err
		}
		out[c.Entry] = c
	}
	return out, nil
}

func follow(t *testing.T, w source.Watcher, since time.Time) map[string]source.Change {
	t.Helper()
	out, err := changes(t.Context(), w, since)
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
	for entry, c := range out {
		if entry == "" || len(entry) > 64 || c.At.Before(since) {
			t.Errorf("entry %q: %+v", entry, c)
		}
	}
	return out
}

func scopes(changes map[string]source.Change) (out []source.Scope) {
	for _, c := range changes {
		out = append(out, c.Scope)
	}
	return out
}
