package portal

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// exportPage is how many APIs of an export are read at once.
const exportPage = 500

// exported is an API as an export has it.
type exported struct {
	Name             string          `json:"name"`
	Title            string          `json:"title"`
	Kind             string          `json:"kind,omitempty"`
	LifecycleStage   string          `json:"lifecycleStage,omitempty"`
	Summary          string          `json:"summary,omitempty"`
	Description      string          `json:"description,omitempty"`
	Environments     []string        `json:"environments"`
	Sources          []string        `json:"sources"`
	Contacts         json.RawMessage `json:"contacts,omitempty"`
	CustomProperties json.RawMessage `json:"customProperties,omitempty"`
	Updated          time.Time       `json:"updated"`
	Address          string          `json:"address"`
	doc              doc
}

// writer takes APIs one by one.
type writer interface {
	begin() error
	write(exported) error
	end() error
}

func (h *Handler) exportCSV(w http.ResponseWriter, r *request) error {
	custom, err := h.catalog.CustomFields(r.Context(), r.service.ID, inventory.KindAPI)
	if err != nil {
		return err
	}
	return h.export(w, r, "text/csv; charset=utf-8", "csv", &csvWriter{out: csv.NewWriter(w), custom: custom})
}

func (h *Handler) exportJSON(w http.ResponseWriter, r *request) error {
	return h.export(w, r, "application/json", "json", &jsonWriter{out: w})
}

// export writes all that the query of an address finds, page by page, as it is read.
func (h *Handler) export(w http.ResponseWriter, r *request, typ, extension string, to writer) error {
	b, err := browseOf(r.URL.Query())
	if err != nil {
		return err
	}
	b.after = inventory.Position{}
	shelf, err := h.catalog.Browse(r.Context(), b.query(r.id, exportPage))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="apis-%s-%s.%s"`, r.service.ID.Name(), time.Now().UTC().Format("2006-01-02"), extension))
	if err := h.stream(w, r, b, shelf, to); err != nil {
		// Part of it is on its way: only the connection can tell that it is not all.
		h.log.WarnContext(r.Context(), "an export broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (h *Handler) stream(w http.ResponseWriter, r *request, b browse, shelf catalog.Shelf, to writer) error {
	if err := to.begin(); err != nil {
		return err
	}
	flush := http.NewResponseController(w)
	for {
		for _, api := range shelf.Items {
			if err := to.write(exportedOf(r, api, shelf.Where[api.Key])); err != nil {
				return err
			}
		}
		if shelf.Next.IsZero() {
			return to.end()
		}
		_ = flush.Flush() // what cannot flush sends it later
		b.after = shelf.Next
		var err error
		if shelf, err = h.catalog.Browse(r.Context(), b.query(r.id, exportPage)); err != nil {
			return err
		}
	}
}

func exportedOf(r *request, api inventory.Resource, where inventory.Whereabouts) exported {
	d := docOf(api)
	e := exported{
		Name: api.Name(), Title: d.Text("/title"), Kind: d.Text("/kind"), LifecycleStage: d.Text(inventory.FieldLifecycleStage),
		Summary: d.Text("/summary"), Description: d.Text("/description"), Environments: orNone(where.Environments), Sources: orNone(where.Sources),
		Contacts: d.Doc["/contacts"], Updated: api.Updated.At.UTC(), Address: r.address(api.Path), doc: d,
	}
	var top struct {
		CustomProperties json.RawMessage `json:"customProperties"`
	}
	if json.Unmarshal(api.Doc, &top) == nil {
		e.CustomProperties = top.CustomProperties
	}
	return e
}

func orNone(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// jsonWriter writes a list of objects, one a line.
type jsonWriter struct {
	out     io.Writer
	written bool
}

func (j *jsonWriter) begin() error { return j.raw("[") }

func (j *jsonWriter) write(e exported) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	before := ",\n"
	if !j.written {
		j.written, before = true, "\n"
	}
	return j.raw(before + string(line))
}

func (j *jsonWriter) end() error { return j.raw("\n]\n") }

func (j *jsonWriter) raw(text string) error {
	_, err := io.WriteString(j.out, text)
	return err
}

// csvWriter writes a table for spreadsheets, with a column for each custom property.
type csvWriter struct {
	out    *csv.Writer
	custom []catalog.CustomField
}

func (c *csvWriter) begin() error {
	columns := []string{"name", "title", "kind", "lifecycleStage", "summary", "environments", "sources", "contacts", "updated", "address"}
	for _, f := range c.custom {
		columns = append(columns, f.Name)
	}
	return c.line(columns)
}

func (c *csvWriter) write(e exported) error {
	cells := []string{
		e.Name, e.Title, e.Kind, e.LifecycleStage, e.Summary, strings.Join(e.Environments, "; "), strings.Join(e.Sources, "; "),
		oneLine(e.doc), e.Updated.Format(time.RFC3339), e.Address,
	}
	for _, f := range c.custom {
		cells = append(cells, plainText(e.doc.Doc[f.Field]))
	}
	return c.line(cells)
}

func (c *csvWriter) end() error {
	c.out.Flush()
	return c.out.Error()
}

func (c *csvWriter) line(cells []string) error {
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return c.out.Write(cells)
}

// harmless is a text that no spreadsheet takes for a formula: what a source wrote
// must not run on the machine of who looks at it.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// oneLine is the contacts of an API, for a cell.
func oneLine(d doc) string {
	var all []struct{ Name, Email, URL string }
	d.Read("/contacts", &all)
	var out []string
	for _, c := range all {
		text := c.Name
		for _, more := range []string{c.Email, c.URL} {
			switch {
			case more == "":
			case text == "":
				text = more
			default:
				text += " <" + more + ">"
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// plainText is a value of JSON as people read it: a string is what it says.
func plainText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}
