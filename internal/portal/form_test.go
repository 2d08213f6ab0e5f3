package portal

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
)

var parsed = sync.OnceValues((&Handler{}).parse)

// rendered is a part of a page.
func rendered(t testing.TB, page, part string, data any) []byte {
	t.Helper()
	set, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := set[page].ExecuteTemplate(&b, part, data); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sentBack is what a browser sends of a form in which nobody has touched anything.
func sentBack(t testing.TB, page []byte) url.Values {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	for n := range root.Descendants() {
		name, named := attribute(n, "name")
		if _, disabled := attribute(n, "disabled"); !named || disabled {
			continue
		}
		for _, value := range valuesSent(n) {
			value = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(value)
			form.Add(name, value)
		}
	}
	return form
}

func valuesSent(n *html.Node) []string {
	value, _ := attribute(n, "value")
	switch n.Data {
	case "textarea":
		return []string{textIn(n)}
	case "select":
		return chosenIn(n)
	case "input":
		switch typ, _ := attribute(n, "type"); typ {
		case "checkbox", "radio":
			if _, checked := attribute(n, "checked"); !checked {
				return nil
			}
		case "hidden":
		case "date":
			return []string{dateSent(value)}
		default:
			value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
		}
		return []string{value}
	}
	return nil
}

var datePattern = regexp.MustCompile(`^\d{4,}-\d\d-\d\d$`)

// dateSent is what a field for dates has of a value: nothing, if it is no date.
func dateSent(value string) string {
	if d, err := time.Parse(time.DateOnly, value); err != nil || d.Year() < 1 || !datePattern.MatchString(value) {
		return ""
	}
	return value
}

// chosenIn is what is chosen of a list: the first that can be, where nothing is said.
func chosenIn(list *html.Node) []string {
	var first *html.Node
	for n := range list.Descendants() {
		if n.Data != "option" {
			continue
		}
		value, _ := attribute(n, "value")
		_, disabled := attribute(n, "disabled")
		if _, selected := attribute(n, "selected"); selected {
			if disabled {
				return nil
			}
			return []string{value}
		}
		if first == nil && !disabled {
			first = n
		}
	}
	if first == nil {
		return nil
	}
	value, _ := attribute(first, "value")
	return []string{value}
}

func textIn(n *html.Node) (text string) {
	for c := range n.ChildNodes() {
		text += c.Data
	}
	return text
}

func attribute(n *html.Node, name string) (string, bool) {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return n.Type == html.ElementNode && a.Key == name })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}
