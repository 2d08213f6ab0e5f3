package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows a person how far a run is.
type progress interface {
	show(run object)
	end()
}

// newProgress is a bar on a terminal, and now and then a line elsewhere.
func newProgress(s Streams) progress {
	if s.ErrTerminal {
		return &bar{out: s.Err}
	}
	return &lines{out: s.Err}
}

// handled is how many of the observed objects of a run are dealt with. What is
// deleted or held was not observed, and what failed counts as what became of the rest of it.
func handled(run object) int {
	n := 0
	for _, what := range []string{"added", "updated", "moved", "limited", "unchanged"} {
		n += run.count("counts." + what)
	}
	return min(n, run.count("counts.observed"))
}

// bar redraws one line. It is made at the first news, so that an error before
// that leaves no trace.
type bar struct {
	out io.Writer
	bar *progressbar.ProgressBar
}

func (b *bar) show(run object) {
	if b.bar == nil {
		b.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(b.out), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
			// It would draw from a goroutine that nobody waits for.
			progressbar.OptionSetSpinnerChangeInterval(0))
	}
	b.bar.Describe(clean(run.text("phase")))
	seen, done := run.count("counts.observed"), handled(run)
	if seen == 0 {
		return
	}
	b.bar.ChangeMax(seen)
	// A full bar cannot be drawn again, and only the end of the run is the end.
	// It can only fail to draw.
	_ = b.bar.Set(min(done, seen-1))
}

func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// lines writes a line when the phase changes, and every ten seconds.
type lines struct {
	out   io.Writer
	phase string
	last  time.Time
}

func (l *lines) show(run object) {
	phase := run.text("phase")
	if phase == l.phase && time.Since(l.last) < 10*time.Second {
		return
	}
	l.phase, l.last = phase, time.Now()
	fmt.Fprintf(l.out, "%s: %d of %d\n", clean(phase), handled(run), run.count("counts.observed"))
}

func (l *lines) end() {}
