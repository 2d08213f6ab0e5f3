package portal

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/feed"
	"apicenter/internal/httpapi/reply"
)

// atomFeed is RFC 4287's, as far as readers of feeds need it.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Link    atomLink `xml:"link"`
}

// feedPath is where a service's feed is, below it.
const feedPath = "/-/changes.atom"

// feedLength is how many entries a feed has.
const feedLength = 50

// changesAtom tells what changed to readers of feeds, who sign in by a token.
func (h *Handler) changesAtom(w http.ResponseWriter, r *request) error {
	all, err := h.newsIn(r, feedLength)
	if err != nil {
		return err
	}
	base := reply.Base(h.publicURL, r.Request)
	home := base + r.address(r.service.Path)
	id := base + feed.ARMID(r.service.Path) // the address of its page changes with what other centers are called
	f := atomFeed{
		ID: id, Title: "Changes in " + r.service.Name(), Updated: r.service.Updated.At.UTC().Format(time.RFC3339),
		Links: []atomLink{{"self", "application/atom+xml", home + feedPath}, {"alternate", "text/html", home}},
	}
	for i, n := range all {
		if i == 0 {
			f.Updated = n.At.UTC().Format(time.RFC3339)
		}
		to := home
		if n.Address != "" {
			to = base + n.Address
		}
		title := strings.TrimSpace(n.Noun + " " + n.Title)
		if n.Others > 0 {
			title += " and " + plural(n.Others, "other", "others")
		}
		e := atomEntry{
			ID: id + "#event-" + strconv.FormatInt(n.Sequence, 10), Title: title + " " + n.Text, Updated: n.At.UTC().Format(time.RFC3339),
			Author: n.Actor, Link: atomLink{"alternate", "text/html", to},
		}
		f.Entries = append(f.Entries, e)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(f); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding, Authorization, Cookie")
	send(w, r.Request, http.StatusOK, b.Bytes())
	return nil
}
