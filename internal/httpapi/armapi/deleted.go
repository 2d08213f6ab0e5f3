package armapi

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// deletedTime is the form of the dates of a deleted service.
const deletedTime = "2006-01-02T15:04:05Z"

func (h *Handler) deletedServices(w http.ResponseWriter, r *request) error {
	q, err := pageOf(r)
	if err != nil {
		return err
	}
	for name, done := range map[string]string{"$filter": "filtered", "$orderby": "ordered"} {
		if text, _ := r.param(name); text != "" {
			return badParam(name, "deleted services cannot be %s; there are few of them", done)
		}
	}
	all, next, err := h.catalog.DeletedServices(r.Context(), r.in.Subscription, r.in.Group, q, h.readable(r))
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) {
		buf = append(buf, arm.PageStart...)
		for i, s := range all {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendDeleted(buf, s)
		}
		return arm.AppendPage(buf, h.nextLink(r, next)), nil
	})
}

func (h *Handler) deletedService(w http.ResponseWriter, r *request) error {
	s, err := h.catalog.DeletedService(r.Context(), r.id)
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return appendDeleted(buf, s), nil })
}

// purge ends a deleted service for good.
func (h *Handler) purge(w http.ResponseWriter, r *request) error {
	return gone(w, h.catalog.Purge(r.Context(), r.id, matchOf(r)))
}

func appendDeleted(buf []byte, s inventory.DeletedService) []byte {
	buf = append(buf, `{"id":"`...)
	buf = appendDeletedID(buf, s.Path)
	buf = append(buf, `","name":`...)
	buf = arm.AppendString(buf, s.Name())
	buf = append(buf, `,"type":"`...)
	buf = append(buf, nameOf(kindDeleted).typ...)
	buf = append(buf, '"', ',')
	buf = appendSystemData(buf, s.Resource)
	buf = append(buf, `,"properties":{"softDeletionDate":"`...)
	buf = s.Deleted.At.UTC().AppendFormat(buf, deletedTime)
	buf = append(buf, `","scheduledPurgeDate":"`...)
	buf = s.Purge.UTC().Add(time.Second-1).AppendFormat(buf, deletedTime) // not before it
	return append(buf, `"}}`...)
}

// appendDeletedID writes the resource ID of the deleted service that was at a path.
func appendDeletedID(buf []byte, path string) []byte {
	id := string(appendID(nil, path))
	return append(buf, strings.Replace(id, "/providers/"+namespace+"/services/", "/providers/"+namespace+"/deletedServices/", 1)...)
}
