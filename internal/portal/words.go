package portal

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// instant is a time as pages write it: how long ago, with the exact value beside it.
type instant struct{ At, now time.Time }

// Known says that there is one.
func (i instant) Known() bool { return !i.At.IsZero() }

// Exact is the value for machines.
func (i instant) Exact() string { return i.At.UTC().Format(time.RFC3339) }

// Full is the value for people; script writes it in their own zone.
func (i instant) Full() string { return i.At.UTC().Format("2 January 2006, 15:04:05 UTC") }

// Ago is how far it is from now.
func (i instant) Ago() string {
	d := i.now.Sub(i.At)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		least time.Duration
		name  string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= u.least {
			return strconv.FormatInt(int64(d/u.least), 10) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + " s"
}

// plural is a number with its noun.
func plural(n int, one, many string) string {
	return strconv.Itoa(n) + " " + noun(n, one, many)
}

func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// arguments are what a part of a page is given when it needs more than one thing:
// names and values in turn.
func arguments(all ...any) (map[string]any, error) {
	out := make(map[string]any, len(all)/2)
	for i := 0; i+1 < len(all); i += 2 {
		name, ok := all[i].(string)
		if !ok {
			return nil, fmt.Errorf("argument %d has no name", i)
		}
		out[name] = all[i+1]
	}
	return out, nil
}

// carry are values that a form carries on: names and values in turn.
func carry(all ...any) (out []field) {
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, field{fmt.Sprint(all[i]), fmt.Sprint(all[i+1])})
	}
	return out
}

// initial is the first character of a word that may end a class: of a status.
func initial(word string) string {
	if word == "" || word[0] < '0' || word[0] > '9' {
		return ""
	}
	return word[:1]
}

// join is a path below an address.
func join(address, path string) string { return strings.TrimRight(address, "/") + path }

// labels are the words of the wire that people know by others.
var labels = map[string]string{
	"rest": "REST", "soap": "SOAP", "graphql": "GraphQL", "grpc": "gRPC", "websocket": "WebSocket", "webhook": "Webhook",
	"api": "API", "apis": "APIs", "mcp": "MCP", "a2a": "A2A", "odata": "OData", "openapi": "OpenAPI", "wsdl": "WSDL", "asyncapi": "AsyncAPI", "wadl": "WADL",
}

// label is a word of the wire for people: "preview" is "Preview".
func label(word string) string {
	if l, ok := labels[word]; ok {
		return l
	}
	for i, r := range word {
		return string(unicode.ToUpper(r)) + word[i+len(string(r)):]
	}
	return word
}

// said is what an error says, as a sentence.
func said(message string) string {
	word, rest, more := strings.Cut(strings.TrimSuffix(message, "."), " ")
	if word = label(word); more {
		word += " " + rest
	}
	return word + "."
}

// coded is a text with what it has in backticks as code.
func coded(text string) template.HTML {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 { // one has no end
		parts = []string{text}
	}
	var b strings.Builder
	for i, part := range parts {
		if part = html.EscapeString(part); i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) //nolint:gosec // elements of ours and escaped text
}

var instants = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// timed is a text with its instants as people write them; script has them in the reader's zone.
func timed(text string) template.HTML {
	return template.HTML(instants.ReplaceAllStringFunc(html.EscapeString(text), func(exact string) string { //nolint:gosec // elements of ours and escaped text
		at, err := time.Parse(time.RFC3339, exact)
		if err != nil {
			return exact // it looks like one, and is none
		}
		i := instant{At: at}
		return `<time datetime="` + i.Exact() + `" data-full>` + i.Full() + `</time>`
	}))
}

// tones are how a word of the wire looks: a class of the style sheet.
var tones = map[string]string{
	"production": "good", "testing": "info", "preview": "info", "development": "info", "design": "plain",
	"staging": "info", "deprecated": "warn", "retired": "bad",
	"ok": "good", "syncing": "good", "passed": "good", "partial": "warn", "held": "warn", "late": "warn", "warning": "warn", "initializing": "info",
	"failed": "bad", "error": "bad", "refused": "bad", "interrupted": "warn", "deleting": "warn",
	"in step": "good", "starting": "info", "waiting": "warn", "failing": "bad", "paused": "plain", "on": "good", "heard": "good", "goes": "bad", "stays": "good", "off": "plain", "this center": "info", "rejected": "info", "approved": "warn", "running": "info", "skipped": "plain",
	"add": "good", "change": "info", "delete": "bad", "clear": "bad", "leave": "warn", "hold": "warn", "keep": "plain", "skip": "warn",
	"delivering": "good", "retrying": "warn", "stopped": "bad", "validating": "info", "no secret": "warn",
	"created": "good", "updated": "info", "moved": "info", "deleted": "bad", "breaking": "bad",
}

func tone(word string) string {
	if t, ok := tones[word]; ok {
		return t
	}
	return "plain"
}

// onOff is the word of a switch.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// outcomeIcon is the icon of a finding.
func outcomeIcon(outcome string) string {
	switch outcome {
	case "ok":
		return "check"
	case "skipped":
		return "next"
	default:
		return "warn"
	}
}

// icons are drawn on a square of 24, in lines.
var icons = map[string]string{
	"home":         `<path d="M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z"/>`,
	"apis":         `<path d="M8 6 3 12l5 6M16 6l5 6-5 6M13.5 4l-3 16"/>`,
	"environments": `<rect x="3" y="4" width="18" height="6" rx="1.5"/><rect x="3" y="14" width="18" height="6" rx="1.5"/><path d="M7 7h.01M7 17h.01"/>`,
	"links":        `<path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17"/>`,
	"metadata":     `<path d="M4 5h10l6 7-6 7H4z"/><path d="M8 12h.01"/>`,
	"identities":   `<circle cx="9" cy="8" r="4"/><path d="M3 20c0-4 3-6 6-6s6 2 6 6M17 9h4M19 7v4"/>`,
	"access":       `<path d="M12 3 5 6v6c0 4 3 7 7 9 4-2 7-5 7-9V6z"/><path d="m9 12 2 2 4-4"/>`,
	"keys":         `<circle cx="8" cy="14" r="4"/><path d="m11 11 8-8M16 6l3 3"/>`,
	"activity":     `<path d="M3 12h4l3-8 4 16 3-8h4"/>`,
	"settings":     `<circle cx="12" cy="12" r="3"/><path d="M12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3"/>`,
	"webhooks":     `<circle cx="6" cy="17" r="3"/><circle cx="18" cy="17" r="3"/><circle cx="12" cy="6" r="3"/><path d="m10.500 8.800-3.200 5.700m6.200-5.700 3.200 5.700M9 17h6"/>`,
	"search":       `<circle cx="11" cy="11" r="6"/><path d="m20 20-4.5-4.5"/>`,
	"copy":         `<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M4 16V6a2 2 0 0 1 2-2h10"/>`,
	"download":     `<path d="M12 4v11m-5-5 5 5 5-5M4 20h16"/>`,
	"lock":         `<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>`,
	"sync":         `<path d="M4 12a8 8 0 0 1 14-5l2 2M20 12a8 8 0 0 1-14 5l-2-2M20 4v5h-5M4 20v-5h5"/>`,
	"trash":        `<path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6"/>`,
	"edit":         `<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>`,
	"plus":         `<path d="M12 5v14M5 12h14"/>`,
	"check":        `<path d="m5 12 5 5 9-10"/>`,
	"warn":         `<path d="M12 4 2 20h20zM12 10v4M12 17h.01"/>`,
	"pause":        `<path d="M8 5v14M16 5v14"/>`,
	"play":         `<path d="m7 4 13 8-13 8z"/>`,
	"next":         `<path d="m9 6 6 6-6 6"/>`,
	"user":         `<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4 4-7 8-7s8 3 8 7"/>`,
	"theme":        `<path d="M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10z"/>`,
	"history":      `<path d="M4 12a8 8 0 1 1 2.5 5.8M4 12l-2-2m2 2 2-2M12 8v4l3 2"/>`,
}

// icon draws a picture that says nothing to who does not see it.
func icon(name string) (template.HTML, error) {
	lines, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("the portal has no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + lines + `</svg>`), nil //nolint:gosec // lines of ours
}
