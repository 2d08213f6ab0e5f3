package armapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
)

// serviceBody is what a service can be asked to become, besides what stands in its envelope.
type serviceBody struct {
	Tags       json.RawMessage `json:"tags"`
	Identity   json.RawMessage `json:"identity"`
	Properties struct {
		Restore bool `json:"restore"`
	} `json:"properties"`
}

func readService(r *request) (b serviceBody, body []byte, err error) {
	if body, err = readBody(r); err != nil {
		return b, nil, err
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return b, nil, invalidContent("the body is not that of a service: %v", err)
	}
	return b, body, nil
}

// putService is put; a body that asks to restore a deleted service asks for nothing else.
func (h *Handler) putService(w http.ResponseWriter, r *request) error {
	b, body, err := readService(r)
	if err != nil {
		return err
	}
	if b.Properties.Restore {
		return h.restore(w, r)
	}
	return h.replace(w, r, body)
}

// patchService changes tags and identity, or restores a deleted service.
func (h *Handler) patchService(w http.ResponseWriter, r *request) error {
	b, _, err := readService(r)
	if err != nil {
		return err
	}
	if b.Properties.Restore {
		return h.restore(w, r)
	}
	res, err := h.catalog.Amend(r.Context(), r.id, given(b.Tags), given(b.Identity), matchOf(r))
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// given is a value that is not null, which is as good as none.
func given(v json.RawMessage) json.RawMessage {
	if string(v) == "null" {
		return nil
	}
	return v
}

func (h *Handler) restore(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Restore(r.Context(), r.id, matchOf(r))
	if err != nil {
		return err
	}
	return h.buffers.Splice(w, http.StatusOK, func(buf []byte) ([]byte, error) { return h.appendResource(buf, res, r) })
}

// services lists the services of a subscription or a group that the caller may read.
func (h *Handler) services(w http.ResponseWriter, r *request) error {
	q, err := queryOf(r)
	if err != nil {
		return err
	}
	page, err := h.catalog.Services(r.Context(), r.in.Subscription, r.in.Group, q, h.readable(r))
	if err != nil {
		return err
	}
	return h.writePage(w, r, page)
}

// readable says that the caller may read a service, or a deleted one.
func (h *Handler) readable(r *request) func(inventory.Resource) bool {
	return func(res inventory.Resource) bool {
		id := string(appendID(nil, res.Path))
		if r.kind == kindDeleted {
			id = string(appendDeletedID(nil, res.Path))
		}
		return h.access.Authorize(r.Context(), nameOf(r.kind).typ+"/read", id) == nil
	}
}

// appendService writes what a service has beside its properties, and those that
// only the server knows.
func (h *Handler) appendService(buf []byte, res inventory.Resource, r *request) ([]byte, error) {
	var doc struct {
		Location            string
		Tags, Identity, SKU json.RawMessage
	}
	if err := json.Unmarshal(res.Doc, &doc); err != nil {
		return buf, fmt.Errorf("properties of %s: %w", res.Path, err)
	}
	buf = append(buf, `"location":`...)
	buf = append(arm.AppendString(buf, doc.Location), ',')
	for _, m := range []struct {
		name  string
		value json.RawMessage
	}{{"tags", doc.Tags}, {"identity", doc.Identity}, {"sku", doc.SKU}} {
		if m.value != nil {
			buf = append(buf, '"')
			buf = append(buf, m.name...)
			buf = append(buf, `":`...)
			buf = append(append(buf, m.value...), ',')
		}
	}
	data, portal := h.hostnames(r, res, doc.Location)
	buf = append(buf, `"properties":{"provisioningState":"Succeeded","dataApiHostname":`...)
	buf = arm.AppendString(buf, data)
	buf = append(buf, `,"portalHostname":`...)
	return append(arm.AppendString(buf, portal), '}'), nil
}

// hostnames are where the data plane and the portal of a service answer:
// clients put "https://" before them and a path behind.
func (h *Handler) hostnames(r *request, service inventory.Resource, location string) (data, portal string) {
	if h.dataDomain != "" {
		return reply.Hostname(service.Name(), "data", location, h.dataDomain), reply.Hostname(service.Name(), "portal", location, h.dataDomain)
	}
	_, host, _ := strings.Cut(reply.Base(h.publicURL, r.Request), "://")
	if service.ID == h.defaultService {
		return host, host
	}
	return host + "/data/" + service.Name(), host
}
