// Package diff tells what differs between two texts, line by line. It takes
// bounded time and memory, whatever the texts are: where they have too little in
// common, all that is between what they have is taken out and put in.
package diff

import (
	"slices"
	"strings"
)

// Op is what became of a line.
type Op string

// What becomes of lines, as unified diffs write it.
const (
	Same    Op = " "
	Removed Op = "-"
	Added   Op = "+"
)

// Line is a line of a hunk, without its end.
type Line struct {
	Op   Op     `json:"op"`
	Text string `json:"text"`
}

// Hunk is a place where two texts differ, with lines around it that do not.
type Hunk struct {
	Old   int    `json:"old"` // number of the first line in the old text, from 1
	New   int    `json:"new"` // and in the new one
	Lines []Line `json:"lines"`
}

// Diff is what differs between two texts.
type Diff struct {
	Added   int    `json:"added"` // lines, of all
	Removed int    `json:"removed"`
	Hunks   []Hunk `json:"hunks"`
	Cut     bool   `json:"cut,omitempty"` // hunks, or ends of lines, are left out
}

// Limits bound what is told of a difference.
type Limits struct {
	Context int // lines around what differs
	Lines   int // of all hunks
	Width   int // bytes of one line
}

// DefaultLimits suit people.
var DefaultLimits = Limits{Context: 3, Lines: 5000, Width: 1000}

// Texts compares two texts.
func Texts(old, new string, l Limits) Diff {
	t := telling{old: lines(old), new: lines(new), limits: l, out: Diff{Hunks: []Hunk{}}}
	numbers := map[string]int{}
	m := matcher{old: numbered(t.old, numbers), new: numbered(t.new, numbers)}
	m.between(span{0, len(t.old), 0, len(t.new)}, deepest)
	t.tell(m.pairs)
	return t.out
}

// lines are those of a text. An end of line at its end begins no other.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// numbered gives each line a number, equal ones the same.
func numbered(lines []string, numbers map[string]int) []int {
	out := make([]int, len(lines))
	for i, line := range lines {
		n, ok := numbers[line]
		if !ok {
			n = len(numbers)
			numbers[line] = n
		}
		out[i] = n
	}
	return out
}

// telling makes hunks of what two texts have in common.
type telling struct {
	old, new []string
	limits   Limits
	out      Diff
	told     int // lines in hunks
	hunk     *Hunk
	same     int // lines since the last that differs
}

func (t *telling) tell(pairs []pair) {
	i, j := 0, 0
	for _, p := range append(pairs, pair{len(t.old), len(t.new)}) {
		for ; i < p.old; i++ {
			t.out.Removed++
			t.differs(i, j, Line{Removed, t.old[i]})
		}
		for ; j < p.new; j++ {
			t.out.Added++
			t.differs(i, j, Line{Added, t.new[j]})
		}
		if i < len(t.old) && j < len(t.new) {
			t.agrees(t.old[i])
		}
		i, j = i+1, j+1
	}
	t.close()
}

// agrees tells a line that both have, if it is near to one that differs.
func (t *telling) agrees(line string) {
	t.same++
	if t.hunk == nil {
		return
	}
	if t.same > 2*t.limits.Context {
		t.close()
		return
	}
	t.add(Line{Same, line})
}

// differs tells a line that one of the two has, at this place of each.
func (t *telling) differs(i, j int, line Line) {
	if t.hunk == nil {
		before := min(t.same, t.limits.Context)
		t.hunk = &Hunk{Old: i - before + 1, New: j - before + 1}
		for _, text := range t.old[i-before : i] {
			t.add(Line{Same, text})
		}
	}
	t.add(line)
	t.same = 0
}

// add puts a line into the hunk, unless it would be one too many.
func (t *telling) add(line Line) {
	if t.told == t.limits.Lines {
		t.out.Cut = true
		return
	}
	if len(line.Text) > t.limits.Width {
		line.Text, t.out.Cut = strings.ToValidUTF8(line.Text[:t.limits.Width], "")+"…", true
	}
	t.told++
	t.hunk.Lines = append(t.hunk.Lines, line)
}

// close ends the hunk, with what is near to it.
func (t *telling) close() {
	if t.hunk == nil {
		return
	}
	if over := min(t.same, 2*t.limits.Context) - t.limits.Context; over > 0 && !t.out.Cut {
		t.hunk.Lines = slices.Clip(t.hunk.Lines[:len(t.hunk.Lines)-over])
		t.told -= over
	}
	if len(t.hunk.Lines) > 0 {
		t.out.Hunks = append(t.out.Hunks, *t.hunk)
	}
	t.hunk = nil
}
