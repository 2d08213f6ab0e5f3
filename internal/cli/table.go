package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// widest is how wide a cell may be that others follow.
const widest = 60

// writeTable writes cells below head, each column as wide as it needs to be.
// It measures what a terminal shows, not bytes: titles come in all scripts.
func writeTable(w io.Writer, head []string, cells [][]string) error {
	var lines [][]string
	if head != nil {
		cells = append([][]string{head}, cells...) // a heading may be a name that others gave
	}
	for _, from := range cells {
		line := make([]string, len(from))
		for i, cell := range from {
			line[i] = clean(cell)
			if i < len(from)-1 {
				line[i] = shorten(line[i], widest)
			}
		}
		lines = append(lines, line)
	}
	var width []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], uniseg.StringWidth(cell))
		}
	}
	out := bufio.NewWriter(w)
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", width[i]-uniseg.StringWidth(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// shorten cuts s to at most n columns.
func shorten(s string, n int) string {
	if uniseg.StringWidth(s) <= n {
		return s
	}
	var b strings.Builder
	for g, used := uniseg.NewGraphemes(s), 0; g.Next(); {
		if used += g.Width(); used > n-1 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// clean keeps a text that others wrote from moving the cursor or breaking the
// line: what is not printable becomes a space.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) {
			return r
		}
		return ' '
	}, s)
}

// span is a duration in its largest unit, as one says it.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// age shows how long ago the instant at path was.
func age(path string) func(object) string {
	return func(o object) string {
		t := o.time(path)
		if t.IsZero() {
			return "-"
		}
		return span(max(0, time.Since(t))) + " ago"
	}
}

// seconds shows the number of seconds at path.
func seconds(path string) func(object) string {
	return func(o object) string {
		if o.text(path) == "" {
			return "-"
		}
		return briefly(time.Duration(o.count(path)) * time.Second)
	}
}

// briefly is a duration in one unit, rounded up.
func briefly(d time.Duration) string {
	up := func(unit time.Duration) time.Duration { return (d + unit - 1) / unit }
	switch {
	case d <= 2*time.Minute:
		return fmt.Sprintf("%ds", up(time.Second))
	case d <= 2*time.Hour:
		return fmt.Sprintf("%dm", up(time.Minute))
	case d <= 48*time.Hour:
		return fmt.Sprintf("%dh", up(time.Hour))
	}
	return fmt.Sprintf("%dd", up(24*time.Hour))
}

// due shows how soon the instant at path will be.
func due(path string) func(object) string {
	return func(o object) string {
		t := o.time(path)
		if t.IsZero() {
			return "-"
		}
		if d := time.Until(t); d > 0 {
			return "in " + span(d)
		}
		return "due"
	}
}
