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
	Kept                 []string // what people had said of it
}

const removedPage = 50

func (h *Handler) tombstones(w http.ResponseWriter, r *request) error {
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else is the newest
	all, err := h.catalog.Tombstones(r.Context(), r.service.ID, before, removedPage+1)
	if err != nil {
		return err
	}
	v := removedView{Address: addressOf(r.service.Path) + "/-/tombstones", Restores: r.may(restoreTombstone), Forgets: r.may(forgetTombstone)}
	v.Done, v.Where = doneText(r.URL.Query())
	if len(all) > removedPage {
		all = all[:removedPage]
		v.Next = v.Address + "?before=" + strconv.FormatInt(all[removedPage-1].ID, 10)
	}
	for _, t := range all {
		v.Items = append(v.Items, removedOf(t))
	}
	return h.show(w, r, view{template: "tombstones", title: "Removed things", section: "Activity", data: v})
}

func removedOf(t inventory.Tombstone) removedThing {
	v := removedThing{ID: t.ID, Kind: string(t.Kind), Name: lastOf(t.Path), Why: reasons[t.Why], Link: lastOf(t.Link), By: t.ApprovedBy, At: t.At}
	v.Title = cmp.Or(t.Seen.Text("/title"), v.Name)
	if _, below, ok := strings.Cut(t.Path, "/apis/"); ok && t.Kind != inventory.KindAPI {
		v.In, _, _ = strings.Cut(below, "/")
	}
	if t.MovedTo != "" {
		v.Moved = addressOf(t.MovedTo)
	}
	for f := range t.Own.All() {
		if !f.Hidden() {
			v.Kept = append(v.Kept, label(strings.TrimPrefix(strings.ReplaceAll(string(f), "/", " "), " ")))
		}
	}
	if n := len(t.Below); n > 0 {
		v.Kept = append(v.Kept, plural(n, "thing that people made below it", "things that people made below it"))
	}
	return v
}

// doneText says what has been done, from the address that a form leads back to.
func doneText(q url.Values) (text, where string) {
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil || n < 0 {
		return "", ""
	}
	switch path := q.Get("of"); q.Get("done") {
	case "restored":
		where = addressOf(path)
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
	return redirect(w, r, addressOf(r.service.Path)+"/-/tombstones?"+url.Values{"done": {"restored"}, "n": {strconv.Itoa(came.Things)}, "of": {came.Resource.Path}}.Encode())
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
	return redirect(w, r, addressOf(r.service.Path)+"/-/tombstones?"+url.Values{"done": {"forgotten"}, "n": {strconv.Itoa(n)}}.Encode())
}

// tombstoneOf is the number that a form names.
func tombstoneOf(r *request) (int64, error) {
	n, err := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	if err != nil {
		return 0, inventory.Errorf(inventory.Invalid, "id", "the form names nothing that was removed; open the page again")
	}
	return n, nil
}
