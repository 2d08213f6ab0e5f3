package compatibility_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/compatibility"
	"apicenter/internal/inventory"
)

// fake is a process that is none.
type fake struct {
	net.Conn
	kill func() error
}

func (f fake) Kill() error { return f.kill() }

// processes are those that were started, and do what run does.
type processes struct {
	run func(net.Conn) error

	mu                   sync.Mutex
	started, alive, most int
}

func (p *processes) start() (compatibility.Process, error) {
	ours, its := net.Pipe()
	ended := make(chan error, 1)
	p.count(1)
	go func() {
		err := p.run(its)
		its.Close()
		p.count(-1)
		ended <- err
	}()
	return fake{ours, sync.OnceValue(func() error {
		ours.Close()
		return <-ended
	})}, nil
}

func (p *processes) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started += max(n, 0)
	p.alive += n
	p.most = max(p.most, p.alive)
}

// counts says how many were started, how many there are, and how many there were at once.
func (p *processes) counts() (started, alive, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started, p.alive, p.most
}

func (p *processes) comparer(atOnce int) *compatibility.Comparer {
	return compatibility.New(atOnce, p.start, slog.New(slog.DiscardHandler))
}

// roomy are limits that nothing here reaches.
var roomy = compatibility.Limits{Time: time.Hour, Memory: 1 << 40, Keep: 1 << 40}

func serving(l compatibility.Limits) *processes {
	return &processes{run: func(c net.Conn) error { return compatibility.Serve(c, c, l) }}
}

// saying is processes that say the same of all documents.
func saying(answer string) *processes {
	return &processes{run: func(c net.Conn) error {
		go io.Copy(io.Discard, c)
		_, err := io.WriteString(c, answer)
		return err
	}}
}

func TestDocumentsReachTheProcessAsTheyAre(t *testing.T) {
	all := serving(roomy)
	c := all.comparer(1)
	for _, tt := range []struct {
		old, new string
		want     inventory.Verdict
	}{
		{pets, fewer, inventory.Breaking},
		{fewer, pets, inventory.NonBreaking},
		{pets, pets, inventory.Unaltered},
		{"", pets, inventory.Unjudged},
		{pets, "", inventory.Unjudged},
	} {
		if got := c.Compare(t.Context(), []byte(tt.old), []byte(tt.new)); got.Verdict != tt.want {
			t.Errorf("%.20q and %.20q: %+v, want %s", tt.old, tt.new, got, tt.want)
		}
	}
	if got := c.Compare(t.Context(), []byte(pets), []byte(strings.Repeat(" ", compatibility.MaxSize+1))); !strings.Contains(got.Message, "8 MB") {
		t.Errorf("too large: %+v", got)
	}
	if started, _, _ := all.counts(); started != 1 {
		t.Errorf("%d processes were started, want one for all", started)
	}
}

// chain is a document whose schemas lead through each other: the library takes
// very long over a long one.
func chain(n, length int) string {
	var schemas []string
	for i := range n {
		schemas = append(schemas, fmt.Sprintf(
			`"S%d":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/S%d"},"name":{"type":"string","maxLength":%d}}}`, i, max(0, i-1), length))
	}
	return `{"openapi":"3.0.1","info":{"title":"x","version":"1"},"components":{"schemas":{` + strings.Join(schemas, ",") + `}},"paths":{
		"/x":{"get":{"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/S` + fmt.Sprint(n-1) + `"}}}}}}}}}`
}

func TestAProcessThatTakesTooMuchEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		limits compatibility.Limits
		says   string
	}{
		"time":           {compatibility.Limits{Time: time.Nanosecond, Memory: 1 << 40, Keep: 1 << 40}, "more than 1ns"},
		"memory":         {compatibility.Limits{Time: time.Minute, Memory: 1, Keep: 1 << 40}, "of memory"},
		"memory to keep": {compatibility.Limits{Time: time.Minute, Memory: 1 << 40, Keep: 1}, ""},
	} {
		all := serving(tt.limits)
		old, new := chain(1000, 1), chain(1000, 2)
		if tt.says == "" {
			old, new = pets, fewer
		}
		got := all.comparer(1).Compare(t.Context(), []byte(old), []byte(new))
		if failed := got.Verdict == inventory.Unjudged; failed != (tt.says != "") || !strings.Contains(got.Message, tt.says) {
			t.Errorf("%s: %+v", name, got)
		}
		if _, alive, _ := all.counts(); alive != 0 {
			t.Errorf("%s: the process goes on", name)
		}
	}
}

func TestNothingIsLeftOfAComparisonThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &processes{run: func(c net.Conn) error {
			_, err := io.Copy(io.Discard, c)
			return err
		}}
		c := all.comparer(2)
		begun := time.Now()
		var askers sync.WaitGroup
		for range 20 {
			askers.Go(func() {
				if got := c.Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Unjudged || !strings.Contains(got.Message, "too long") {
					t.Errorf("%+v", got)
				}
			})
		}
		askers.Wait()
		_, alive, most := all.counts()
		if took := time.Since(begun); alive != 0 || most != 2 || took > 15*time.Second {
			t.Errorf("%d are left, %d were at work at once, and it took %s", alive, most, took)
		}
	})
}

func TestAProcessThatAnsweredIsKeptForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := serving(roomy)
		c := all.comparer(4)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		compare := func(times int) {
			var askers sync.WaitGroup
			for range times {
				askers.Go(func() {
					if got := c.Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Breaking {
						t.Errorf("%+v", got)
					}
				})
			}
			askers.Wait()
			synctest.Wait()
		}
		check := func(when string, wantStarted, wantAlive int) {
			t.Helper()
			if started, alive, _ := all.counts(); started != wantStarted || alive != wantAlive {
				t.Errorf("%s: %d were started and %d are there, want %d and %d", when, started, alive, wantStarted, wantAlive)
			}
		}
		for range 3 {
			compare(1)
			time.Sleep(50 * time.Second)
		}
		check("one after the other", 1, 1)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		check("after a minute", 1, 0)
		compare(20)
		before, alive, most := all.counts()
		if alive != 1 || most > 4 {
			t.Errorf("after many at once %d are there, and there were %d", alive, most)
		}
		stop()
		<-ended
		check("at the end", before, 0)
		compare(1)
		check("behind the end", before+1, 0)
	})
}

func TestAProcessThatEndedMeanwhileIsReplaced(t *testing.T) {
	all := serving(roomy)
	var first net.Conn
	serve := all.run
	all.run = func(c net.Conn) error {
		if first == nil {
			first = c
		}
		return serve(c)
	}
	c := all.comparer(1)
	for _, want := range []int{1, 2, 2} {
		got := c.Compare(t.Context(), []byte(pets), []byte(fewer))
		if started, _, _ := all.counts(); got.Verdict != inventory.Breaking || started != want {
			t.Errorf("%+v, %d were started, want %d", got, started, want)
		}
		first.Close()
	}
}

func TestAProcessThatFails(t *testing.T) {
	for name, all := range map[string]*processes{
		"ends badly":             {run: func(net.Conn) error { return errors.New("exit status 2: stack overflow") }},
		"says no JSON":           saying("\x00\x00\x00\x05panic"),
		"gives no verdict":       saying("\x00\x00\x00\x02{}"),
		"gives one of its own":   saying("\x00\x00\x00\x12{\"verdict\":\"good\"}"),
		"says half of something": saying("\x00\x00\x00\x05{"),
		"says too much":          saying("\xff\xff\xff\xff{}"),
	} {
		if got := all.comparer(1).Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Unjudged || !strings.Contains(got.Message, "log") {
			t.Errorf("one that %s: %+v", name, got)
		}
		if _, alive, _ := all.counts(); alive != 0 {
			t.Errorf("one that %s goes on", name)
		}
	}
	none := compatibility.New(1, func() (compatibility.Process, error) { return nil, errors.New("no memory") }, slog.New(slog.DiscardHandler))
	if got := none.Compare(t.Context(), []byte(pets), []byte(fewer)); got.Verdict != inventory.Unjudged {
		t.Errorf("one that cannot be started: %+v", got)
	}
}

func TestServeRefusesWhatIsNoRequest(t *testing.T) {
	for _, tt := range []struct {
		request string
		ok      bool
	}{
		{"", true},
		{"123", false},
		{"\x00\x00\x00\x02x", false},
		{"\x00\x00\x00\x01x", true}, // nobody waits for the answer
		{"\xff\xff\xff\xff", false},
	} {
		var said bytes.Buffer
		if err := compatibility.Serve(strings.NewReader(tt.request), &said, roomy); (err == nil) != tt.ok || said.Len() != 0 {
			t.Errorf("%q: %v, and it said %q", tt.request, err, said.Bytes())
		}
	}
}
