package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"apicenter/internal/inventory"
)

// Find is what a search has found in a definition.
type Find struct {
	Entry      string // "GET /orders/{id}"
	Definition inventory.Resource
	Version    inventory.Resource
}

// found says, of the APIs of a page whose own texts do not have all words of a
// search, where the others are.
func found(tx inventory.Reader, search string, apis []inventory.Resource) (map[int64]Find, error) {
	words := strings.FieldsFunc(strings.ToLower(search), notInWord)
	missing := map[int64][]string{}
	var keys []int64
	for _, api := range apis {
		own, err := inventory.ParseDoc(api.Doc)
		if err != nil {
			return nil, err
		}
		text := strings.Join([]string{api.Name(), own.Text("/title"), own.Text("/summary"), own.Text("/description")}, " ")
		for _, w := range words {
			if !begins(text, w) {
				missing[api.Key] = append(missing[api.Key], w)
			}
		}
		if len(missing[api.Key]) > 0 {
			keys = append(keys, api.Key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	outlines, err := tx.Outlined(keys)
	if err != nil {
		return nil, err
	}
	type best struct {
		score int
		entry string
		in    string
	}
	bests := map[int64]best{}
	for _, o := range outlines {
		for _, line := range o.Lines {
			if score := score(line, words, missing[o.API]); score > bests[o.API].score {
				bests[o.API] = best{score, line.Name, o.Definition}
			}
		}
	}
	out := map[int64]Find{}
	for key, b := range bests {
		f := Find{Entry: b.entry}
		id, err := inventory.ParseID(b.in)
		if err != nil {
			return nil, err
		}
		if f.Definition, err = tx.Get(id); err != nil {
			return nil, err
		}
		if f.Version, err = tx.Get(id.Parent()); err != nil {
			return nil, err
		}
		out[key] = f
	}
	return out, nil
}

// score is how well a line shows why an API was found: by the words that the API
// itself has not, above all. 0: it does not.
func score(line inventory.OutlineLine, words, missing []string) (n int) {
	text := line.Name + " " + line.More
	for _, w := range missing {
		if begins(text, w) {
			n += 100
			if begins(line.Name, w) {
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	for _, w := range words {
		if begins(line.Name, w) {
			n += 10
		}
	}
	return n
}

// begins says that a word begins one in a text, or a part of one as in "getOrderByID".
func begins(text, word string) bool {
	folded := strings.ToLower(text)
	if len(folded) != len(text) {
		text = folded // other letters, other lengths: what is joined in one word is not told apart
	}
	for at := 0; ; {
		i := strings.Index(folded[at:], word)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		first, size := utf8.DecodeRuneInString(text[at:])
		if at == 0 || notInWord(before) || unicode.IsUpper(first) && !unicode.IsUpper(before) {
			return true
		}
		at += size
	}
}

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}
