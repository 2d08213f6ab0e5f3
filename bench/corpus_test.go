package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCopyHasBytesAndTitleOfItsOwn(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"compact", `{"openapi":"3.0.0","info":{"contact":{"title":"no"},"title":"Pets \"R\" us","version":"1"},"paths":{}}`},
		{"indented", "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {\"/info\": {}},\n  \"info\": {\n    \"title\" : \"Pets \\\"R\\\" us\"\n  }\n}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := copyOf([]byte(tt.in), 7)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(b), marker(7)) {
				t.Errorf("the copy begins %.30q, want %q", b, marker(7))
			}
			var got, was map[string]any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatalf("the copy is no JSON: %v\n%s", err, b)
			}
			if err := json.Unmarshal([]byte(tt.in), &was); err != nil {
				t.Fatal(err)
			}
			if title := got["info"].(map[string]any)["title"]; title != titleOf(7, `Pets "R" us`) {
				t.Errorf("the title is %q", title)
			}
			if len(got) != len(was)+1 {
				t.Errorf("the copy has %d members, want those %d and the marker", len(got), len(was))
			}
		})
	}
}

func TestCopyRefusesWhatHasNoTitle(t *testing.T) {
	for _, in := range []string{`[]`, `{}`, `{"info":{}}`, `{"info":[]}`, `{"info":{"title":3}}`, ``} {
		if _, err := copyOf([]byte(in), 0); err == nil {
			t.Errorf("copyOf(%q): no error", in)
		}
	}
}

// The mix is only what it claims to be if each word is as frequent as its kind.
func TestWordsAreAsFrequentAsTheyShould(t *testing.T) {
	const n = 10_000
	in := map[string]int{}
	for i := range n {
		for _, w := range wordsOf(i) {
			in[w]++
		}
	}
	for w, got := range in {
		low, high := 1, 1
		switch w[:2] {
		case "vq":
			low, high = n/100*60/100, n/100*140/100
		case "zq":
			low, high = n*28/100, n*32/100
		}
		if got < low || got > high {
			t.Errorf("%s stands in %d of %d titles, want %d to %d", w, got, n, low, high)
		}
	}
	if len(in) != n+scarce+frequent {
		t.Errorf("%d words, want %d", len(in), n+scarce+frequent)
	}
}
