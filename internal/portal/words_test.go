package portal

import (
	"slices"
	"testing"

	"apicenter/internal/inventory"
)

func TestWordsOfErrorsAndFindings(t *testing.T) {
	html := func(f func(string) string) func(string) string { return f }
	for _, tt := range []struct {
		name     string
		f        func(string) string
		in, want string
	}{
		{"an error", said, "name is required", "Name is required."},
		{"an error of an API", said, `api "none" was not found`, `API "none" was not found.`},
		{"one word", said, "no", "No."},
		{"a sentence already", said, "the source is down.", "The source is down."},
		{"code", html(func(s string) string { return string(coded(s)) }), "removed `a<b` from `c`", "removed <code>a&lt;b</code> from <code>c</code>"},
		{"code without an end", html(func(s string) string { return string(coded(s)) }), "removed `<b>", "removed `&lt;b&gt;"},
		{
			"an instant", html(func(s string) string { return string(timed(s)) }), "next <due> 2026-11-27T03:36:56Z, or so",
			`next &lt;due&gt; <time datetime="2026-11-27T03:36:56Z" data-full>27 November 2026, 03:36:56 UTC</time>, or so`,
		},
		{"no instant", html(func(s string) string { return string(timed(s)) }), "2026-99-27T03:36:56Z", "2026-99-27T03:36:56Z"},
		{"a plain description", func(s string) string { return brief(s, 300) }, "Orders of\n all channels", "Orders of all channels"},
		{"a description in HTML", func(s string) string { return brief(s, 300) }, "<p>Campaigns &amp; vouchers</p><p>behind <b>them</b></p>", "Campaigns & vouchers behind them"},
		{"a description in Markdown", func(s string) string { return brief(s, 300) }, "# Orders\n\nSee [the *guide*](https://example.com).", "Orders See the guide."},
		{"a hostile description", func(s string) string { return brief(s, 300) }, "a < b <script>alert(1)</script>", "a < b alert(1)"},
		{"a long description", func(s string) string { return brief(s, 5) }, "Orders", "Orde…"},
	} {
		if got := tt.f(tt.in); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}

// One thing has one name: in the news, in the activity, and where a webhook chooses.
func TestKindsHaveOneName(t *testing.T) {
	var names []string
	for _, k := range filteredKinds {
		names = append(names, label(kindName(k)))
		if k == inventory.KindAPI {
			continue // it goes without saying
		}
		path := "sub/group/center"
		if k != inventory.KindService {
			path += "/" + k.Collection() + "/one"
		}
		if _, err := inventory.ParseID(path); err != nil {
			continue // it is deeper
		}
		if n, ok := newsOf(inventory.Event{Path: path, Action: inventory.Created}); !ok || n.Noun != label(kindName(k)) {
			t.Errorf("news of a %s are of %q", k, n.Noun)
		}
	}
	for _, k := range webhookFormOf("", inventory.Webhook{}, fieldFault{}).Kinds {
		if !slices.Contains(names, k.Title) {
			t.Errorf("a webhook chooses %q; the activity has %q", k.Title, names)
		}
	}
}

// What a value means is told where it is chosen.
func TestValuesSayWhatTheyMean(t *testing.T) {
	schema := map[string]any{"oneOf": []any{
		map[string]any{"const": "gold", "description": "answered at once"}, map[string]any{"const": "tin", "title": "Tin", "description": ""},
	}}
	if got := optionsOf(schema); len(got) != 2 || got[0].Title != "gold: answered at once" || got[1].Title != "Tin" {
		t.Errorf("offered are %+v", got)
	}
}
