package portal

import (
	"html"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// prose is a description, in Markdown or HTML, as a page shows it. It is written
// anew from what it says: no element, attribute or address of the text comes into
// the page, but for links to where people can go.
func prose(source string) template.HTML {
	var w proseWriter
	if costly(source) {
		w.open("p", "plain")
		w.text(source)
		w.close("p")
	} else {
		w.source = []byte(source)
		w.children(markdown.Parser().Parse(text.NewReader(w.source)))
	}
	return template.HTML(w.b.String()) //nolint:gosec // all of it is elements of ours and escaped text
}

// brief is a description in so many characters at most, without its marks: in one line.
func brief(source string, most int) string {
	if strings.ContainsAny(source, "<&*_`[#~") {
		text := inline.ReplaceAllString(string(prose(source)), "")
		source = html.UnescapeString(elements.ReplaceAllString(text, " "))
	}
	words := strings.Join(strings.Fields(source), " ")
	if all := []rune(words); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return words
}

// Elements of prose, which escapes all others: those within a word or a line, and all.
var (
	inline   = regexp.MustCompile(`</?(a|code|del|em|strong)\b[^>]*>`)
	elements = regexp.MustCompile(`<[^>]*>`)
)

// Bounds of what is read as Markdown; the rest is shown as it stands.
const (
	maxProse  = 20_000 // bytes
	maxMarks  = 1000   // of one sort: each may begin something that ends anywhere
	maxNested = 60
)

// costly says that a text is no description, or takes long to read as Markdown.
func costly(source string) bool {
	if len(source) > maxProse || quotes.MatchString(source) {
		return true
	}
	for _, mark := range []string{"[", "*", "_", "~", "`"} {
		if strings.Count(source, mark) > maxMarks {
			return true
		}
	}
	return false
}

var quotes = regexp.MustCompile(`(?m)^(\s*>){30}`) // quotes in quotes

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))

// proseWriter writes a tree of Markdown.
type proseWriter struct {
	b      strings.Builder
	source []byte
	depth  int
}

func (w *proseWriter) open(element, class string) {
	w.b.WriteString("<" + element)
	if class != "" {
		w.b.WriteString(` class="` + class + `"`)
	}
	w.b.WriteString(">")
}

func (w *proseWriter) close(element string) { w.b.WriteString("</" + element + ">") }

func (w *proseWriter) text(s string) {
	w.b.WriteString(html.EscapeString(strings.ToValidUTF8(s, "\ufffd")))
}

func (w *proseWriter) children(of ast.Node) {
	if w.depth++; w.depth < maxNested {
		for n := of.FirstChild(); n != nil; n = n.NextSibling() {
			w.node(n)
		}
	}
	w.depth--
}

func (w *proseWriter) around(element, class string, n ast.Node) {
	w.open(element, class)
	w.children(n)
	w.close(element)
}

func (w *proseWriter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.around("p", "", n)
	case *ast.TextBlock:
		w.children(n)
	case *ast.Heading:
		w.around("p", "heading", n) // the headings of a page are its own
	case *ast.Blockquote:
		w.around("blockquote", "", n)
	case *ast.List:
		w.around(map[bool]string{true: "ol", false: "ul"}[n.IsOrdered()], "points", n)
	case *ast.ListItem:
		w.around("li", "", n)
	case *ast.FencedCodeBlock:
		w.lines(n)
	case *ast.CodeBlock:
		w.lines(n)
	case *ast.ThematicBreak:
		w.b.WriteString("<hr>")
	case *ast.HTMLBlock:
		source := w.linesOf(n)
		if n.HasClosure() {
			source += string(n.ClosureLine.Value(w.source))
		}
		w.html(source)
	case *ast.RawHTML:
		w.rawHTML(string(n.Segments.Value(w.source)))
	case *ast.Text:
		w.text(unescaped(string(n.Value(w.source))))
		switch {
		case n.HardLineBreak():
			w.b.WriteString("<br>")
		case n.SoftLineBreak():
			w.b.WriteString("\n")
		}
	case *ast.String:
		w.text(string(n.Value))
	case *ast.CodeSpan:
		w.around("code", "", n)
	case *ast.Emphasis:
		w.around(map[bool]string{true: "strong", false: "em"}[n.Level > 1], "", n)
	case *ast.Link:
		w.link(string(n.Destination), func() { w.children(n) })
	case *ast.Image: // nothing is loaded from elsewhere
		w.link(string(n.Destination), func() { w.children(n) })
	case *ast.AutoLink:
		w.link(string(n.URL(w.source)), func() { w.text(string(n.Label(w.source))) })
	case *east.Table:
		w.b.WriteString(`<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>`)
		w.children(n)
		w.b.WriteString("</table></div>")
	case *east.TableHeader:
		w.around("tr", "", n)
	case *east.TableRow:
		w.around("tr", "", n)
	case *east.TableCell:
		w.around("td", "", n)
	case *east.Strikethrough:
		w.around("s", "", n)
	default:
		w.children(n)
	}
}

// unescaped is a text without the backslashes and entities of Markdown.
func unescaped(s string) string { return html.UnescapeString(backslashed.ReplaceAllString(s, "$1")) }

var backslashed = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

func (w *proseWriter) linesOf(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.source))
	}
	return b.String()
}

func (w *proseWriter) lines(n ast.Node) {
	w.b.WriteString(`<pre tabindex="0"><code>`)
	w.text(strings.TrimRight(w.linesOf(n), "\r\n"))
	w.b.WriteString("</code></pre>")
}

// link writes a link, if people can go where it leads.
func (w *proseWriter) link(to string, inside func()) {
	lower := strings.ToLower(to)
	if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "mailto:") {
		inside()
		return
	}
	w.b.WriteString(`<a rel="noreferrer" href="`)
	w.text(to)
	w.b.WriteString(`">`)
	inside()
	w.close("a")
}

var (
	unseen = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)`)
	blocks = regexp.MustCompile(`(?i)</?(p|div|ul|ol|table|tr|h[1-6]|section|blockquote|pre)\b[^>]*>|<br\s*/?>`)
	items  = regexp.MustCompile(`(?i)<(li|dt|dd)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[^>]*(>|$)`)
	breaks = regexp.MustCompile(`\s*\n\s*\n\s*`)
)

// html writes what HTML says as text: its paragraphs, without its elements.
func (w *proseWriter) html(source string) {
	source = unseen.ReplaceAllString(source, "")
	source = blocks.ReplaceAllString(source, "\n\n")
	source = items.ReplaceAllString(source, "\n\n• ")
	for _, paragraph := range breaks.Split(html.UnescapeString(tags.ReplaceAllString(source, "")), -1) {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			w.open("p", "")
			w.text(paragraph)
			w.close("p")
		}
	}
}

// rawHTML is an element within a line: only its breaks count.
func (w *proseWriter) rawHTML(tag string) {
	if blocks.MatchString(tag) {
		w.b.WriteString("<br>")
	}
}
