package armapi

import (
	"net/http"
	"time"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

func (h *Handler) sync(w http.ResponseWriter, r *request) error {
	var body struct {
		API string `json:"api"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	at, err := h.catalog.Sync(r.Context(), r.id, body.API)
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusAccepted, struct {
		RequestedAt time.Time `json:"requestedAt"`
	}{at})
}

// pause has a link rest, and says since when it does.
func (h *Handler) pause(w http.ResponseWriter, r *request) error {
	p, err := h.catalog.Pause(r.Context(), r.id, matchOf(r))
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusOK, p)
}

// resume ends that; the link then synchronises at once.
func (h *Handler) resume(w http.ResponseWriter, r *request) error {
	at, err := h.catalog.Resume(r.Context(), r.id, matchOf(r))
	if err != nil {
		return err
	}
	return reply.Value(w, http.StatusAccepted, struct {
		RequestedAt time.Time `json:"requestedAt"`
	}{at})
}

// run is a pass of a link on the wire.
type run struct {
	ID              int64                `json:"id"`
	Trigger         string               `json:"trigger"`
	Scope           string               `json:"scope"`
	Phase           inventory.Phase      `json:"phase"`
	StartedAt       time.Time            `json:"startedAt"`
	EndedAt         time.Time            `json:"endedAt,omitzero"`
	DurationSeconds float64              `json:"durationSeconds"`
	Outcome         string               `json:"outcome"`
	Message         string               `json:"message,omitempty"`
	Counts          inventory.Counts     `json:"counts"`
	Requests        int64                `json:"requests"`
	Errors          []inventory.RunError `json:"errors"`
	Breaks          []inventory.RunBreak `json:"breaks"`
}

// Numbers of runs in an answer.
const (
	defaultRuns = 20
	maxRuns     = 200
)

func (h *Handler) runs(w http.ResponseWriter, r *request) error {
	top, err := number(r, "$top", 1, defaultRuns)
	if err != nil {
		return err
	}
	runs, err := h.catalog.Runs(r.Context(), r.id, min(top, maxRuns))
	if err != nil {
		return err
	}
	out := make([]run, len(runs))
	for i, p := range runs {
		until := p.Ended
		if until.IsZero() {
			until = time.Now()
		}
		out[i] = run{
			ID: p.ID, Trigger: p.Trigger, Scope: p.Scope, Phase: p.Phase, StartedAt: p.Started, EndedAt: p.Ended,
			DurationSeconds: until.Sub(p.Started).Seconds(), Outcome: p.Outcome, Message: p.Message,
			Counts: p.Counts, Requests: p.Requests, Errors: p.Errors, Breaks: p.Breaks,
		}
		if out[i].Errors == nil {
			out[i].Errors = []inventory.RunError{}
		}
		if out[i].Breaks == nil {
			out[i].Breaks = []inventory.RunBreak{}
		}
	}
	return reply.Value(w, http.StatusOK, struct {
		Value []run `json:"value"`
	}{out})
}
