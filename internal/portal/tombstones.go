package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/inventory"
)

// Actions on what is kept of removed things.
const (
	readTombstones   = "Microsoft.ApiCenter/services/tombstones/read"
	restoreTombstone = "Microsoft.ApiCenter/services/restoreTombstone/action"
	forgetTombstone  = "Microsoft.ApiCenter/services/forgetTombstone/action"
)

// removedView is the list of what was removed and can come back.
type removedView struct {
	Address  string
	Items    []removedThing
	Next     string // address of older ones; empty: there are none
	Restores bool
	Forgets  bool
	Done     string // what has just been done
	Where    string // where it is; empty: nowhere
}

// removedThing is a thing that a source brought and that is gone.
type removedThing struct {
	ID                   int64
	Title, Kind, Name    string
	In                   string // the API that it was below; empty for an API
	Why, Link, By, Moved string
	At                   time.Time
	Kept                 string // what people had said of it
	With                 int    // things that went with it, and come back with it
}

// removedPage is how many tombstones are read for a page; those of what went with
// an API do not show.
const removedPage = 300

func (h *Handler) tombstones(w http.ResponseWriter, r *request) error {
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else is the newest
	all, err := h.catalog.Tombstones(r.Context(), r.service.ID, before, removedPage+1)
	if err != nil {
		return err
	}
	v := removedView{Address: r.address(r.service.Path) + "/-/tombstones", Restores: r.may(restoreTombstone), Forgets: r.may(forgetTombstone)}
	v.Done, v.Where = doneText(r)
	if len(all) > removedPage {
		all = all[:removedPage]
		v.Next = v.Address + "?before=" + strconv.FormatInt(all[removedPage-1].ID, 10)
	}
	schemas, err := h.schemasOf(r)
	if err != nil {
		return err
	}
	v.Items = removedOf(r, all, schemas)
	return h.show(w, r, view{template: "tombstones", title: "Removed things", section: "Activity", data: v})
}

// removedOf are the things that tombstones are of. What went with an API at one
// time is told with it.
func removedOf(r *request, all []inventory.Tombstone, schemas []schemaView) (out []removedThing) {
	type departure struct {
		api string
		at  time.Time
	}
	of := func(t inventory.Tombstone) departure {
		id, err := inventory.ParseID(t.Path)
		if err != nil {
			return departure{}
		}
		return departure{id.Ancestor(inventory.KindAPI).String(), t.At}
	}
	with := map[departure]int{}
	for _, t := range all {
		if t.Kind == inventory.KindAPI {
			with[of(t)] = 0
		}
	}
	for _, t := range all {
		if n, ok := with[of(t)]; ok && t.Kind != inventory.KindAPI {
			with[of(t)] = n + 1
		}
	}
	for _, t := range all {
		n, ok := with[of(t)]
		if ok && t.Kind != inventory.KindAPI {
			continue
		}
		v := removedThingOf(r, t, schemas)
		v.With = n
		out = append(out, v)
	}
	return out
}

func removedThingOf(r *request, t inventory.Tombstone, schemas []schemaView) removedThing {
	v := removedThing{ID: t.ID, Kind: label(kindName(t.Kind)), Name: lastOf(t.Path), Why: reasons[t.Why], Link: lastOf(t.Link), By: t.ApprovedBy, At: t.At}
	v.Title = cmp.Or(t.Seen.Text("/title"), v.Name)
	if _, below, ok := strings.Cut(t.Path, "/apis/"); ok && t.Kind != inventory.KindAPI {
		v.In, _, _ = strings.Cut(below, "/")
	}
	if t.MovedTo != "" {
		v.Moved = r.address(t.MovedTo)
	}
	var kept []string
	for f := range t.Own.All() {
		if !f.Hidden() {
			kept = append(kept, titleOfField(f, schemas))
		}
	}
	if n := len(t.Below); n > 0 {
		kept = append(kept, plural(n, "thing that people made in it", "things that people made in it"))
	}
	v.Kept = strings.Join(kept, ", ")
	return v
}

// doneText says what has been done, from the address that a form leads back to.
func doneText(r *request) (text, where string) {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil || n < 0 {
		return "", ""
	}
	switch path := q.Get("of"); q.Get("done") {
	case "restored":
		where = r.address(path)
		if n == 0 {
			return lastOf(path) + " is here by its link again, and has back what people had said of it.", where
		}
		return lastOf(path) + " is back, as an entry of your own" + map[bool]string{true: ", with " + plural(n-1, "thing", "things") + " that went with it"}[n > 1] + ".", where
	case "forgotten":
		return "Forgotten for good: " + plural(n, "thing", "things") + ".", ""
	default:
		return "", ""
	}
}

func (h *Handler) restoreRemoved(w http.ResponseWriter, r *request) error {
	number, err := tombstoneOf(r)
	if err != nil {
		return err
	}
	came, err := h.catalog.RestoreTombstone(r.Context(), r.service.ID, number)
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/tombstones?"+url.Values{"done": {"restored"}, "n": {strconv.Itoa(came.Things)}, "of": {came.Resource.Path}}.Encode())
}

func (h *Handler) forgetRemoved(w http.ResponseWriter, r *request) error {
	number, err := tombstoneOf(r)
	if err != nil {
		return err
	}
	n, err := h.catalog.ForgetTombstone(r.Context(), r.service.ID, number)
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/tombstones?"+url.Values{"done": {"forgotten"}, "n": {strconv.Itoa(n)}}.Encode())
}

// tombstoneOf is the number that a form names.
func tombstoneOf(r *request) (int64, error) {
	n, err := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	if err != nil {
		return 0, inventory.Errorf(inventory.Invalid, "id", "the form names nothing that was removed; open the page again")
	}
	return n, nil
}
