package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"apicenter/e2e/system"
)

// storyWithin bounds each wait of a story.
const storyWithin = time.Minute

// TestStories plays the stories of this folder. Besides the usual commands
// (see testscript) a story has:
//
//	start NAME FILE program args…   run a program that writes the ready file FILE; wait for it.
//	                                What it says is in $center, $emulator, $token, $apimId and so
//	                                on, and the name of the link in $linkName
//	stop NAME                       end it with SIGTERM; it must end well
//	crash NAME                      end it with SIGKILL
//	until REGEXP program args…      run a program until it ends well and prints a match
//	fill FILE                       put the values of $names into a file
//	http METHOD URL [FILE]          a request with $token, and with a JSON body from FILE; with
//	                                ! before it, one that is refused
//	receiver NAME [down|up]         start a receiver of webhooks at $NAME, or have it refuse them, or
//	                                take them again; what it heard is forgotten
//	heard NAME REGEXP               wait until it has heard a match: the signature and the body
//	keep NAME                       keep what the last program printed, but for its last newline, as $NAME
//
// The client verbs find the center by the ready file that was written last.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(programs.Center)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Values[listening{}] = map[string]*listener{}
			env.Values[running{}] = map[string]*system.Process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "stop": stop, "crash": crashed, "until": until, "http": request, "fill": fill, "keep": keep, "receiver": receiver, "heard": heard,
		},
	})
}

// running is the key of the programs that a story has started.
type running struct{}

func processes(ts *testscript.TestScript) map[string]*system.Process {
	return ts.Value(running{}).(map[string]*system.Process)
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: start NAME FILE program args…")
	}
	file := ts.MkAbs(args[1])
	var env []string
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "HOME", "TMPDIR"} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	p, err := system.StartIn(ts.MkAbs("."), filepath.Join(filepath.Dir(programs.Center), args[2]), env, args[3:]...)
	ts.Check(err)
	ts.Defer(p.Kill)
	processes(ts)[args[0]] = p
	ready := map[string]string{}
	ts.Check(p.Ready(context.Background(), file, &ready))
	for name, value := range ready {
		ts.Setenv(name, value)
	}
	ts.Setenv("linkName", path.Base(ready["linkId"]))
	if ready["center"] != "" {
		ts.Setenv("APICENTER_READY_FILE", file)
	}
}

func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || processes(ts)[args[0]] == nil {
		ts.Fatalf("usage: stop NAME, of a program that was started")
	}
	ts.Check(processes(ts)[args[0]].Stop())
}

func crashed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || processes(ts)[args[0]] == nil {
		ts.Fatalf("usage: crash NAME, of a program that was started")
	}
	processes(ts)[args[0]].Kill()
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP program args…")
	}
	ctx, cancel := context.WithTimeout(context.Background(), storyWithin)
	defer cancel()
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	what := fmt.Sprintf("%q in the output of %s", args[0], strings.Join(args[1:], " "))
	ts.Check(system.Poll(ctx, what, func() (bool, error) {
		err := ts.Exec(args[1], args[2:]...)
		return err == nil && pattern.MatchString(ts.ReadFile("stdout")), nil
	}))
}

func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

func request(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] http METHOD URL [FILE]")
	}
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequestWithContext(context.Background(), args[0], args[1], body)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("token"))
	req.Header.Set("Content-Type", "application/json")
	if args[0] == http.MethodPatch || args[0] == http.MethodDelete {
		req.Header.Set("If-Match", "*") // API Management demands it
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if refused := resp.StatusCode >= 400 && resp.StatusCode < 500; refused != neg || !refused && resp.StatusCode >= 300 {
		ts.Fatalf("%s %s: %s\n%s", args[0], args[1], resp.Status, b)
	}
	if !json.Valid(b) && len(b) > 0 {
		ts.Fatalf("%s %s: the answer is no JSON: %s", args[0], args[1], b)
	}
	fmt.Fprintf(ts.Stdout(), "%s\n", b)
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}
