package portal

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"apicenter/internal/inventory"
	"apicenter/internal/listing"
)

// compareView are two documents side by side.
type compareView struct {
	API      definitionRef
	Address  string
	Choices  []comparableLine
	From, To side
	Swap     string // address with the sides changed
	Verdict  inventory.Compatibility
	Same     bool
	Hunks    []hunk
	More     bool // there is more than is shown
	TooLarge bool // to be compared as text
	Ready    bool // both sides are chosen
}

// side is one of two documents.
type side struct {
	Key   string // "v1/openapi"
	Title string
	At    time.Time // as of when; zero: as it is
	Raw   string    // At as it was asked for
}

// hunk are lines around a difference.
type hunk struct {
	Where string
	Lines []diffLine
}

// diffLine is a line of a difference: sign is "+", "-" or " ".
type diffLine struct{ Sign, Text string }

// Bounds of a comparison as text.
const (
	maxDiffed    = 16 << 20 // bytes of each document
	maxDiffLines = 1500
	maxDiffLine  = 1000 // bytes
)

func (h *Handler) compare(w http.ResponseWriter, r *request) error {
	p, err := h.partsOf(r, "")
	if err != nil {
		return err
	}
	v := compareView{API: definitionRef{p.head.Title, p.head.Address}, Address: p.head.Address + "/compare"}
	views, err := h.versionViews(r, p)
	if err != nil {
		return err
	}
	for _, version := range views {
		for _, d := range version.Definitions {
			v.Choices = append(v.Choices, comparableLine{version.Name + "/" + d.Name, version.Title + " · " + d.Title})
		}
	}
	if v.From, err = sideOf(r, "from", v.Choices); err != nil {
		return err
	}
	if v.To, err = sideOf(r, "to", v.Choices); err != nil {
		return err
	}
	if v.Ready = v.From.Key != "" && v.To.Key != ""; v.Ready {
		old, err := h.documentOf(r, p.resource.ID, v.From)
		if err != nil {
			return err
		}
		new, err := h.documentOf(r, p.resource.ID, v.To)
		if err != nil {
			return err
		}
		v.fill(r.Context(), h.comparer, old, new)
		swapped := url.Values{"from": {v.To.Key}, "to": {v.From.Key}}
		if v.To.Raw != "" {
			swapped.Set("fromAt", v.To.Raw)
		}
		if v.From.Raw != "" {
			swapped.Set("toAt", v.From.Raw)
		}
		v.Swap = v.Address + "?" + swapped.Encode()
	}
	return h.show(w, r, view{template: "compare", title: p.head.Title + ": compare", section: "APIs", data: v})
}

// sideOf reads which document is asked for, of now or of an instant.
func sideOf(r *request, name string, choices []comparableLine) (side, error) {
	s := side{Key: r.FormValue(name), Raw: r.FormValue(name + "At")}
	if s.Key == "" {
		return s, nil
	}
	s.Title = s.Key
	for _, c := range choices {
		if strings.EqualFold(c.Key, s.Key) {
			s.Key, s.Title = c.Key, c.Title
		}
	}
	if s.Raw == "" {
		return s, nil
	}
	at, err := time.Parse(time.RFC3339Nano, s.Raw)
	if err != nil {
		return s, inventory.Errorf(inventory.Invalid, name+"At", "%.100q is no instant; write one like 2026-01-31T12:00:00Z", s.Raw)
	}
	s.At = at
	return s, r.closed
}

// documentOf reads the document of a side.
func (h *Handler) documentOf(r *request, api inventory.ID, s side) ([]byte, error) {
	version, definition, ok := strings.Cut(s.Key, "/")
	id, err := inventory.ParseID(api.String() + "/versions/" + version + "/definitions/" + definition)
	if !ok || err != nil || id.Kind() != inventory.KindDefinition {
		return nil, inventory.Errorf(inventory.Invalid, "from", "%.200q names no definition of this API; choose two of the list", s.Key)
	}
	digest, err := h.catalog.ExportSpecification(r.Context(), id, s.At)
	if err != nil {
		return nil, err
	}
	return readAll(r.Context(), h.catalog, digest)
}

func (v *compareView) fill(ctx context.Context, judge inventory.Compare, old, new []byte) {
	if v.Same = bytes.Equal(old, new); v.Same {
		return
	}
	if judge != nil {
		v.Verdict = judge(ctx, old, new)
	}
	if v.TooLarge = max(len(old), len(new)) > maxDiffed; !v.TooLarge {
		v.Hunks, v.More = hunksOf(listing.New("", old).Whole(), listing.New("", new).Whole())
	}
}

// hunksOf are the differences of two texts.
func hunksOf(old, new []byte) (hunks []hunk, more bool) {
	left := maxDiffLines
	for line := range strings.Lines(string(diff.Diff("old", old, "new", new))) {
		line = strings.TrimRight(line, "\r\n")
		if where, ok := strings.CutPrefix(line, "@@ "); ok {
			hunks = append(hunks, hunk{Where: strings.TrimSuffix(where, " @@")})
			continue
		}
		if len(hunks) == 0 || line == "" { // what stands above
			continue
		}
		if left--; left < 0 {
			return hunks, true
		}
		text := line[1:]
		if len(text) > maxDiffLine {
			text = text[:maxDiffLine] + " …"
		}
		h := &hunks[len(hunks)-1]
		h.Lines = append(h.Lines, diffLine{line[:1], strings.ToValidUTF8(text, "\ufffd")})
	}
	return hunks, false
}
