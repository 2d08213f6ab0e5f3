package emulator

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/wire"
)

// isCurrent is the filter that every mirror sends. It selects the rows that the
// model keeps apart anyway, so it need not look at each of them.
const isCurrent = "isCurrent eq true"

func listAPIs(c *call) (reply, error) {
	space, err := c.space()
	if err != nil {
		return reply{}, err
	}
	form := c.form()
	if late := space.ShowAll(); late != nil {
		return rows(c, late, apiField, func(r apim.Shown) []byte { return r.JSON(form) })
	}
	if c.query.Get("$filter") == isCurrent {
		win, err := c.window()
		apis := space.APIs.All()
		return c.page(win, len(apis), func(b []byte, i int) []byte { return append(b, apis[i].Current.JSON(form)...) }), err
	}
	return rows(c, space.Revisions(), apiField, func(r *apim.Revision) []byte { return r.JSON(form) })
}

// apiField is how a revision answers to the filters of section 1.3.
func apiField[R apim.Shown](r R) func(string) string {
	return func(name string) string {
		p := r.Contract()
		switch name {
		case "name":
			return r.Name()
		case "displayname":
			return p.DisplayName
		case "description":
			return deref(p.Description)
		case "serviceurl":
			return deref(p.ServiceURL)
		case "path":
			return p.Path
		case "iscurrent":
			return strconv.FormatBool(p.IsCurrent)
		default:
			return ""
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func getAPI(c *call) (reply, error) {
	space, err := c.space()
	if err != nil {
		return reply{}, err
	}
	if c.query.Has("export") || c.query.Has("format") {
		r, err := c.revision()
		if err != nil {
			return reply{}, err
		}
		return export(c, r)
	}
	r := space.Show(c.arg("api"))
	if r == nil {
		return reply{}, apim.NotFound("API")
	}
	return reply{etag: r.Tag(), body: r.JSON(c.form())}, nil
}

// prepareAPI does ahead of the lock what takes long: it reads the document of an
// import, and waits out the delay of a slow export.
func prepareAPI(c *call) error {
	switch {
	case c.Method == http.MethodPut:
		return readAPI(c)
	case c.query.Has("export"):
		return pause(c.Context(), c.server.faults.ExportDelay())
	default:
		return nil
	}
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readAPI takes the body of a PUT apart and fetches and parses the document
// that it imports, before the lock is taken.
func readAPI(c *call) error {
	raw, err := c.properties()
	if err != nil {
		return err
	}
	if raw == nil {
		return apim.Invalid("The request has no properties.")
	}
	c.change = &apim.Change{}
	c.body = raw
	if err := c.decode(c.change); err != nil {
		return err
	}
	ch := c.change
	if ch.Format == "" || ch.Value == "" {
		return nil
	}
	value := []byte(ch.Value)
	if isLink(ch.Format) {
		if value, err = c.server.fetch(c.Context(), ch.Value); err != nil {
			return apim.Invalid("Unable to download the document: %v.", err)
		}
	}
	return ch.Read(value)
}

func isLink(format string) bool { return strings.Contains(strings.ToLower(format), "-link") }

func putAPI(c *call) (reply, error) {
	space, err := c.space()
	if err != nil {
		return reply{}, err
	}
	name := c.arg("api")
	if old := space.Find(name); old != nil {
		if err := c.precondition(old.ETag); err != nil {
			return reply{}, err
		}
	} else if m := c.Header.Get("If-Match"); m != "" && m != "*" {
		return reply{}, wire.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "API not found.")
	}
	r, created, err := space.PutAPI(name, *c.change)
	if err != nil {
		return reply{}, err
	}
	out := written(created, r.ETag, r.JSON(c.form()))
	if c.modern() && c.change.Import != nil {
		out.header = c.running(c.host() + c.URL.EscapedPath() + "?api-version=" + c.version)
		out.header["Azure-AsyncOperation"] = c.operationURL("operationStatuses")
	}
	return out, nil
}

func patchAPI(c *call) (reply, error) {
	r, err := c.revision()
	if err != nil {
		return reply{}, err
	}
	if err := c.precondition(r.ETag); err != nil {
		return reply{}, err
	}
	raw, err := c.properties()
	if err != nil {
		return reply{}, err
	}
	if err := r.API.Space.PatchAPI(r, raw); err != nil {
		return reply{}, err
	}
	return reply{etag: r.ETag, body: r.JSON(c.form())}, nil
}

// deleteAPI answers 204, which every SDK takes for this. From 2024-05-01 on
// the instance itself may answer 202, for its SDK refuses a 200; a workspace
// never does.
func deleteAPI(c *call) (reply, error) {
	space, err := c.space()
	if err != nil {
		return reply{}, err
	}
	r := space.Find(c.arg("api"))
	if r == nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if err := c.precondition(r.ETag); err != nil {
		return reply{}, err
	}
	if err := space.DeleteAPI(c.arg("api"), c.flag("deleteRevisions")); err != nil {
		return reply{}, err
	}
	if c.modern() && c.server.opts.Async && space.Kind() == apim.ServiceKind {
		return reply{status: http.StatusAccepted, header: c.running(c.operationURL("operationResults"))}, nil
	}
	return reply{status: http.StatusNoContent}, nil
}

// running are the headers of a long-running operation. All of them are done
// when their answer leaves, so the address that a client polls says so at once.
func (c *call) running(location string) map[string]string {
	return map[string]string{"Location": location, "Retry-After": "1"}
}

func (c *call) operationURL(kind string) string {
	return fmt.Sprintf("%s/subscriptions/%s/providers/Microsoft.ApiManagement/locations/here/%s/%s?api-version=%s",
		c.host(), c.arg("subscription"), kind, newName(), c.version)
}

func operationStatus(c *call) (reply, error) {
	return found("", map[string]any{"id": c.URL.Path, "name": c.arg("operation"), "status": "Succeeded"}), nil
}

func operationResult(*call) (reply, error) { return reply{status: http.StatusNoContent}, nil }

func listRevisions(c *call) (reply, error) {
	r, err := c.revision()
	if err != nil {
		return reply{}, err
	}
	return rows(c, r.API.Revisions, apiField, revisionRow)
}

func revisionRow(r *apim.Revision) []byte {
	p := r.Properties
	return apim.Marshal(struct {
		APIID       string    `json:"apiId"`
		Revision    string    `json:"apiRevision"`
		Created     time.Time `json:"createdDateTime"`
		Updated     time.Time `json:"updatedDateTime"`
		Description string    `json:"description,omitempty"`
		PrivateURL  string    `json:"privateUrl"`
		IsOnline    bool      `json:"isOnline"`
		IsCurrent   bool      `json:"isCurrent"`
	}{
		"/apis/" + r.FullName(), p.APIRevision, r.Created, r.Updated, p.APIRevisionDescription,
		fmt.Sprintf("/%s;rev=%d", p.Path, r.Number), p.IsOnline == nil || *p.IsOnline, p.IsCurrent,
	})
}

// listByTags are the tag-resource rows: one for each pair of API and tag, and
// on demand one for each API without any.
func listByTags(c *call) (reply, error) {
	space, err := c.space()
	if err != nil {
		return reply{}, err
	}
	type tagged struct {
		ID   string `json:"id"`
		Name string `json:"name"` // as in real rows, the display name
		apim.Properties
	}
	type row struct {
		API tagged  `json:"api"`
		Tag *tagRow `json:"tag,omitempty"`
	}
	of := func(api *apim.API) tagged {
		p := api.Current.Properties
		return tagged{space.ID() + "/apis/" + api.Name, p.DisplayName, p}
	}
	var all []row
	bare := c.flag("includeNotTaggedApis")
	for _, api := range space.APIs.All() {
		for _, t := range api.Tags.All() {
			all = append(all, row{of(api), &tagRow{space.ID() + "/tags/" + t.Name, t.Properties.DisplayName}})
		}
		if bare && api.Tags.Len() == 0 {
			all = append(all, row{API: of(api)})
		}
	}
	field := func(r row) func(string) string {
		return func(name string) string {
			switch name {
			case "displayname":
				return r.API.DisplayName
			case "path":
				return r.API.Path
			default:
				return ""
			}
		}
	}
	return rows(c, all, field, func(r row) []byte { return apim.Marshal(r) })
}

type tagRow struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
