package armapi

import (
	"net/http"
	"strconv"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func (h *Handler) get(w http.ResponseWriter, r *request) error {
	if !r.at.IsZero() {
		return h.was(w, r)
	}
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	if tag := etag(res); tag != "" {
		w.Header()["Etag"] = []string{tag}
		if none := r.Header.Get("If-None-Match"); none != "" && (none == "*" || strings.Contains(none, tag)) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

func (h *Handler) put(w http.ResponseWriter, r *request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	return h.replace(w, r, body)
}

func (h *Handler) replace(w http.ResponseWriter, r *request, body []byte) error {
	doc, err := docOf(r.kind, body)
	if err != nil {
		return err
	}
	res, created, err := h.catalog.Put(r.Context(), r.path, doc, matchOf(r))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	if tag := etag(res); tag != "" {
		w.Header()["Etag"] = []string{tag}
	}
	return h.buffers.Splice(w, status, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// delete answers 200 for what was there and 204 for what was not.
func (h *Handler) delete(w http.ResponseWriter, r *request) error {
	return gone(w, h.catalog.Delete(r.Context(), r.id, matchOf(r)))
}

// deleteLink is delete, with keep=true for what the link brought to stay.
func (h *Handler) deleteLink(w http.ResponseWriter, r *request) error {
	keep, given := r.param("keep")
	switch {
	case !given, keep == "false":
		return h.delete(w, r)
	case keep == "true":
		return gone(w, h.catalog.HandOver(r.Context(), r.id, matchOf(r)))
	default:
		return arm.Errorf(http.StatusBadRequest, "InvalidQueryParameterValue", "the query parameter keep is %q; use true or false", keep)
	}
}

// gone answers a deletion that ended with err.
func gone(w http.ResponseWriter, err error) error {
	if code := inventory.CodeOf(err); code == inventory.NotFound || code == inventory.NoParent {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return err
}

// appendResource writes a resource in Azure's envelope.
func (h *Handler) appendResource(buf []byte, r inventory.Resource, req *request) ([]byte, error) {
	kind := r.ID.Kind()
	n := nameOf(kind)
	buf = append(buf, `{"id":"`...)
	buf = appendID(buf, r.Path)
	buf = append(buf, `","name":`...)
	buf = arm.AppendString(buf, r.Name())
	buf = append(buf, `,"type":"`...)
	buf = append(buf, n.typ...)
	buf = append(buf, '"', ',')
	buf = appendSystemData(buf, r)
	buf = append(buf, ',')
	var err error
	switch kind {
	case inventory.KindService:
		buf, err = h.appendService(buf, r, req)
	case inventory.KindLink:
		buf, err = h.appendLink(buf, r, req)
	case inventory.KindWebhook:
		buf, err = h.appendWebhook(buf, r, req)
	default:
		buf = append(buf, `"properties":`...)
		buf = append(buf, r.Doc...)
	}
	return append(buf, '}'), err
}

// appendSystemData writes when a thing was made and changed, and by whom.
func appendSystemData(buf []byte, r inventory.Resource) []byte {
	buf = append(buf, `"systemData":{"createdBy":`...)
	buf = arm.AppendString(buf, r.Created.By)
	buf = append(buf, `,"createdAt":"`...)
	buf = r.Created.At.AppendFormat(buf, timeFormat)
	buf = append(buf, `","lastModifiedBy":`...)
	buf = arm.AppendString(buf, r.Updated.By)
	buf = append(buf, `,"lastModifiedAt":"`...)
	buf = r.Updated.At.AppendFormat(buf, timeFormat)
	return append(buf, `"}`...)
}

// timeFormat is RFC 3339 in UTC, as precise as we store.
const timeFormat = "2006-01-02T15:04:05.999999Z07:00"

// appendID writes the resource ID that belongs to a path of the inventory.
func appendID(buf []byte, path string) []byte {
	subscription, rest, _ := strings.Cut(path, "/")
	group, rest, _ := strings.Cut(rest, "/")
	service, rest, _ := strings.Cut(rest, "/")
	buf = append(buf, "/subscriptions/"...)
	buf = arm.AppendText(buf, subscription)
	buf = append(buf, "/resourceGroups/"...)
	buf = arm.AppendText(buf, group)
	buf = append(buf, "/providers/"+namespace+"/services/"...)
	buf = arm.AppendText(buf, service)
	for rest != "" {
		var collection, name string
		collection, rest, _ = strings.Cut(rest, "/")
		name, rest, _ = strings.Cut(rest, "/")
		if collection == inventory.KindLink.Collection() {
			collection = "apiSources"
		}
		buf = append(buf, '/')
		buf = append(buf, collection...)
		buf = append(buf, '/')
		buf = arm.AppendText(buf, name)
	}
	return buf
}

// etag is the strong tag of a resource; services have none.
func etag(r inventory.Resource) string {
	if r.ID.Kind() == inventory.KindService {
		return ""
	}
	t := catalog.TagOf(r)
	buf := make([]byte, 0, 24)
	buf = append(buf, '"')
	buf = strconv.AppendInt(buf, t.Key, 36)
	buf = append(buf, '-')
	buf = strconv.AppendInt(buf, t.Revision, 36)
	return string(append(buf, '"'))
}

// matchOf reads the conditions of a request. A tag that is none of ours matches nothing.
func matchOf(r *request) catalog.Match {
	var m catalog.Match
	m.Absent, m.Not = tagsOf(r.Header.Get("If-None-Match"))
	m.Present, m.Tags = tagsOf(r.Header.Get("If-Match"))
	return m
}

// tagsOf reads a condition: whether it is for any state at all, and the tags that it names.
func tagsOf(header string) (whichever bool, tags []catalog.Tag) {
	for tag := range strings.SplitSeq(header, ",") {
		switch tag = strings.TrimSpace(tag); tag {
		case "":
		case "*":
			whichever = true
		default:
			tags = append(tags, parseTag(tag))
		}
	}
	return whichever, tags
}

// parseTag reads what etag writes. Some clients mark every tag as weak.
func parseTag(tag string) catalog.Tag {
	key, revision, _ := strings.Cut(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), "-")
	k, errK := strconv.ParseInt(key, 36, 64)
	n, errN := strconv.ParseInt(revision, 36, 64)
	if errK != nil || errN != nil {
		return catalog.Tag{Key: -1, Revision: -1}
	}
	return catalog.Tag{Key: k, Revision: n}
}
