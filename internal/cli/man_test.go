package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestManualHasAPageForEachCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	newCenter().run(t, "man", dir).want(t, exitOK)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, f := range files {
		there[f.Name()] = true
	}
	for _, name := range []string{"apicenter.1", "apicenter-api-definition-export-specification.1", "apicenter-login.1", "apicenter-completion-fish.1"} {
		if !there[name] {
			t.Errorf("%s is not there", name)
		}
	}
	request := regexp.MustCompile(`^\.(TH|SH|B|BR|TP|PP|nf|fi)( |$)`)
	also := regexp.MustCompile(`(?m)^\.BR (\S+) \(1\)`)
	for name := range there {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !request.MatchString(line) {
				t.Errorf("%s: troff would take %q for a request", name, line)
			}
		}
		for _, m := range also.FindAllStringSubmatch(string(text), -1) {
			if other := strings.ReplaceAll(m[1], `\-`, "-") + ".1"; !there[other] {
				t.Errorf("%s names %s, which is not there", name, other)
			}
		}
		if name == "apicenter-config-set.1" {
			golden(t, name, string(text))
		}
	}
}

func TestTextIsNotReadAsTroff(t *testing.T) {
	for in, want := range map[string]string{
		".so /etc/passwd": `\&.so /etc/passwd`,
		"a\n'b":           "a\n\\&'b",
		`C:\x -y "z"`:     `C:\ex \-y \(dqz\(dq`,
	} {
		if got := troff(in); got != want {
			t.Errorf("troff(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestManWantsAFolder(t *testing.T) {
	newCenter().run(t, "man").want(t, exitUsage)
	newCenter().run(t, "man", "/dev/null/x").want(t, exitFailed)
}

func TestCompletionIsGenerated(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		o := newCenter().run(t, "completion", shell)
		o.want(t, exitOK)
		if !strings.Contains(o.out, "apicenter") {
			t.Errorf("%s: %q", shell, o.out)
		}
	}
}
