package portal

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// news is something that happened, in words.
type news struct {
	Sequence int64
	At       time.Time
	Actor    string // a person, or a link by its name
	ByLink   bool
	Tone     string // a word that says how it looks
	Kind     inventory.Kind
	Noun     string // what sort of thing it is; of an API, empty
	Title    string
	Address  string // where to read on; empty: it is gone
	Text     string // what happened to it
	Others   int    // to so many others, the same happened
	OrMore   bool   // or to more than those
	run      int64
	said     string // Text, of one
}

// newsPast is how many events are looked at to find news.
const newsPast = 200

// newsIn gives the newest things that happened in the service of a request, those of
// one sort and one run as one.
func (h *Handler) newsIn(r *request, limit int) ([]news, error) {
	events, err := h.catalog.History(r.Context(), r.service.ID, 0, newsPast)
	if err != nil {
		return nil, err
	}
	var out []news
	for _, e := range events {
		n, ok := newsOf(e)
		if !ok {
			continue
		}
		if last := len(out) - 1; last >= 0 && n.like(out[last]) {
			out[last].count()
			continue
		}
		if len(out) == limit {
			break
		}
		if err := h.name(r, &n, e); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	if last := len(out) - 1; last >= 0 && len(events) == newsPast {
		out[last].OrMore = out[last].Others > 0
	}
	return out, nil
}

// like says that two are of one sort: a run that brings hundreds of APIs is one thing to read.
func (n news) like(other news) bool {
	return n.ByLink && n.Actor == other.Actor && n.run == other.run && n.Kind == other.Kind && n.said == other.said
}

// count notes that the same happened to another.
func (n *news) count() {
	if n.Others++; n.Others > 1 {
		return
	}
	for _, verb := range [][2]string{{"was ", "were "}, {"is ", "are "}} {
		if rest, ok := strings.CutPrefix(n.Text, verb[0]); ok {
			n.Text = verb[1] + rest
		}
	}
}

// name gives news the title that the thing has, or had.
func (h *Handler) name(r *request, n *news, e inventory.Event) error {
	id, err := inventory.ParseID(e.Path)
	if err != nil {
		return err
	}
	res, err := h.catalog.Get(r.Context(), id)
	switch inventory.CodeOf(err) {
	case "":
		if err != nil {
			return err
		}
		n.Title, n.Address = titleOr(docOf(res), res), r.address(res.Path)
		return nil
	case inventory.NotFound, inventory.NoParent:
		n.Title = had(e)
		if to := movedTo(e); to != "" {
			n.Address = r.address(to)
		}
		return nil
	default:
		return err
	}
}

// had is what the thing of an event was called when it went.
func had(e inventory.Event) string {
	for _, c := range e.Changes {
		for _, f := range c.Fields {
			if c.Path == e.Path && f.Field == "/title" {
				if title := (inventory.Doc{"/title": f.Before}).Text("/title"); title != "" {
					return title
				}
			}
		}
	}
	return e.Path[strings.LastIndexByte(e.Path, '/')+1:]
}

func movedTo(e inventory.Event) string {
	for _, c := range e.Changes {
		if c.Path == e.Path && c.Action == inventory.Moved {
			return c.To
		}
	}
	return ""
}

// newsOf is an event in words, its title aside; false when it is none for people.
func newsOf(e inventory.Event) (news, bool) {
	id, err := inventory.ParseID(e.Path)
	if err != nil {
		return news{}, false
	}
	n := news{Sequence: e.Sequence, At: e.At, Actor: e.Actor, Kind: id.Kind(), Tone: string(e.Action), run: e.Run}
	if n.Kind != inventory.KindAPI {
		n.Noun = label(kindName(n.Kind))
	}
	if link, ok := strings.CutPrefix(e.Actor, "link/"); ok {
		n.Actor, n.ByLink = link, true
	}
	switch e.Action {
	case inventory.Created:
		n.Text = "was added"
	case inventory.Deleted:
		n.Text = "is gone"
		for _, c := range e.Changes {
			if c.Path == e.Path && c.Why != "" {
				n.Text = whys[c.Why]
			}
		}
	case inventory.Moved:
		n.Text = "became another entry"
	case inventory.SoftDeleted:
		n.Text = "was deleted, and can be restored"
	case inventory.Restored:
		n.Text = "was restored"
	case inventory.Purged:
		n.Text = "was deleted for good"
	default:
		n.Text = changed(e, &n)
	}
	n.said = n.Text
	return n, n.Text != ""
}

// whys say why something went.
var whys = map[inventory.Why]string{
	inventory.Vanished: "is gone: its source has it no more",
	inventory.Unlinked: "is gone: its link was deleted",
	inventory.Left:     "is gone: it left the scope of its link",
	inventory.Merged:   "became one with another API",
}

// changed says what an update was about: what came and went below, then which
// properties changed.
func changed(e inventory.Event, n *news) string {
	var said, fields []string
	say := func(text string) {
		if !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	for _, c := range e.Changes {
		id, err := inventory.ParseID(c.Path)
		if err != nil {
			continue
		}
		noun := kindName(id.Kind())
		if id.Kind() == inventory.KindVersion {
			noun += " " + c.Path[strings.LastIndexByte(c.Path, '/')+1:]
		}
		switch {
		case c.Compatibility != nil && c.Compatibility.Verdict == inventory.Breaking:
			n.Tone = "breaking"
			say("the definition changed in a way that breaks callers")
		case c.Action == inventory.Created:
			say(noun + " was added")
		case c.Action == inventory.Deleted:
			say(noun + " is gone")
		case c.Action == inventory.DeletionHeld:
			n.Tone = "held"
			say("the deletion of " + noun + " waits for approval")
		case c.Action == inventory.DeletionApproved:
			say("the deletion of " + noun + " was approved")
		case c.Action == inventory.DeletionRejected:
			say(noun + " is kept")
		case c.Action == inventory.Updated && c.Path == e.Path:
			for _, f := range c.Fields {
				if !f.Field.Hidden() && f.Field != inventory.FieldDocument {
					fields = append(fields, fieldName(f.Field))
				}
			}
		case c.Action == inventory.Updated:
			say(noun + " changed")
		}
	}
	slices.Sort(fields)
	fields = slices.Compact(fields)
	switch {
	case len(said)+len(fields) == 0:
		return ""
	case len(said) == 0:
		return "changed: " + sentence(fields, 3)
	case len(fields) > 0:
		said = append(said, sentence(fields, 3)+" changed")
	}
	return "changed: " + sentence(said, 3)
}

// fieldName is a property as people call it: "/lifecycleStage" is "lifecycle stage".
func fieldName(f inventory.Field) string {
	name, member, _ := strings.Cut(string(f[1:]), "/")
	name = cmp.Or(member, name)
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// sentence joins words as a sentence does, at most so many of them.
func sentence(words []string, most int) string {
	if over := len(words) - most; over > 0 {
		words = append(words[:most:most], strconv.Itoa(over)+" more")
	}
	switch last := len(words) - 1; {
	case last < 0:
		return ""
	case last == 0:
		return words[0]
	default:
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
}
