package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"apicenter/e2e/realdata"
)

// The words are made up, of fixed lengths, so that none is found in a real
// document or begins another.
const (
	frequent = 3   // words that stand in 30 % of the titles each
	scarce   = 100 // words that stand in 1 % of the titles each
)

var syllables = strings.Fields("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu")

// word spells a number in syllables, after a stem.
func word(stem string, number, length int) string {
	b := []byte(stem)
	for range length {
		b = append(b, syllables[number%len(syllables)]...)
		number /= len(syllables)
	}
	return string(b)
}

// rareWord stands in the title of the i-th copy only.
func rareWord(i int) string { return word("xq", i, 5) }

func scarceWord(k int) string   { return word("vq", k, 3) }
func frequentWord(k int) string { return word("zq", k, 2) }

// wordsOf are the words in the title of the i-th copy.
func wordsOf(i int) []string {
	r := rand.New(rand.NewPCG(uint64(i), 0x7469746c65))
	words := []string{rareWord(i), scarceWord(r.IntN(scarce))}
	if k := r.IntN(10) / 3; k < frequent {
		words = append(words, frequentWord(k))
	}
	return words
}

func titleOf(i int, original string) string {
	short := []rune(original)
	return strings.Join(wordsOf(i), " ") + " " + string(short[:min(len(short), 100)])
}

// query is a search and how many titles it finds.
type query struct {
	word  string
	found int
}

// queries is the seeded mix: a third rare, a third scarce, a third frequent words.
func queries(n, count int) []query {
	in := map[string]int{}
	for i := range n {
		for _, w := range wordsOf(i) {
			in[w]++
		}
	}
	r := rand.New(rand.NewPCG(uint64(n), 0x736561726368))
	out := make([]query, count)
	for i := range out {
		var w string
		switch i % 3 {
		case 0:
			w = rareWord(r.IntN(n))
		case 1:
			w = scarceWord(r.IntN(scarce))
		default:
			w = frequentWord(r.IntN(frequent))
		}
		out[i] = query{w, in[w]}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// fingerprint tells one choice of documents, and one way to copy them, from another.
func fingerprint(docs []realdata.Document) string {
	h := sha256.New()
	fmt.Fprintln(h, titleOf(0, ""), marker(0), fileName(0))
	for _, d := range docs {
		fmt.Fprintln(h, d.Name, d.Size)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
