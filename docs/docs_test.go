// Package docs holds the documentation to what is there: pages that are linked,
// flags of the programs, targets of the Makefile, packages of the house.
package docs

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := page
			if to != "" {
				target = filepath.Join(filepath.Dir(page), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s links to %s, but no heading of %s is called so", page, m[1], target)
			}
		}
	}
}

func TestTablesOfFlagsAreThoseOfThePrograms(t *testing.T) {
	for _, tt := range []struct {
		page, program string
		args          []string
	}{
		{"operate.md", "apicenter", []string{"serve", "--help"}},
		{"emulator.md", "azemu", []string{"--help"}},
	} {
		have := flags(t, tt.program, tt.args...)
		told := names(read(t, tt.page), "(?m)^\\| `(--[a-z-]+)` \\|")
		if !slices.Equal(have, told) {
			t.Errorf("%s has the flags\n%v\nand the table of %s\n%v", tt.program, have, tt.page, told)
		}
	}
}

func TestFlagsOfTheDemoAreTold(t *testing.T) {
	told := names(read(t, "operate.md"), "`(--[a-z-]+)`")
	for _, flag := range flags(t, "apicenter", "demo", "--help") {
		if !slices.Contains(told, flag) {
			t.Errorf("operate.md does not tell of %s of the demo", flag)
		}
	}
}

// flags are those that the help of a program lists, sorted.
func flags(t *testing.T, name string, args ...string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/"+name).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	help, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	all := names(string(help), `(?m)^ {2,6}(?:-\w, )?(--[a-z-]+)`)
	return slices.DeleteFunc(all, func(flag string) bool { return flag == "--help" })
}

func TestTargetsThatPagesNameAreInTheMakefile(t *testing.T) {
	targets := names(read(t, "../Makefile"), `(?m)^([a-z]+):`)
	for _, page := range pages(t) {
		for _, name := range names(read(t, page), "(?m)(?:`|^ {4})make ([a-z]+)") {
			if !slices.Contains(targets, name) {
				t.Errorf("%s says make %s; the Makefile has %v", page, name, targets)
			}
		}
	}
}

func TestReadmeShowsTheTwoCommands(t *testing.T) {
	readme := read(t, "../README.md")
	for _, command := range []string{"    go run ./cmd/apicenter demo\n", "    make test\n"} {
		if !strings.Contains(readme, command) {
			t.Errorf("README.md does not show %q", strings.TrimSpace(command))
		}
	}
}

func TestArchitectureNamesEveryPackage(t *testing.T) {
	told := names(read(t, "architecture.md"), "(?m)^\\| `((?:client|cmd|internal|bench|e2e)[a-z0-9/]*)` \\|")
	var have []string
	for _, root := range []string{"../client", "../cmd", "../internal"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if sources, err := filepath.Glob(filepath.Join(path, "*.go")); err != nil || len(sources) == 0 {
				return err
			}
			have = append(have, filepath.ToSlash(path[len("../"):]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range have {
		if !slices.Contains(told, name) {
			t.Errorf("architecture.md has no line for %s", name)
		}
	}
	for _, name := range told {
		if _, err := os.Stat("../" + name); err != nil {
			t.Errorf("architecture.md has a line for %s, which is not there", name)
		}
	}
}

func TestEveryDecisionIsListed(t *testing.T) {
	files, err := filepath.Glob("decisions/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, "decisions/README.md")
	for _, file := range files {
		title, _, _ := strings.Cut(strings.TrimPrefix(read(t, file), "# "), "\n")
		number, name, _ := strings.Cut(title, ". ")
		if want := number + ". [" + name + "](" + filepath.Base(file) + ")"; !strings.Contains(list, want) {
			t.Errorf("decisions/README.md lacks %q", want)
		}
	}
}

// pages are all that is written in Markdown.
func pages(t *testing.T) []string {
	t.Helper()
	out := []string{"../README.md", "../CHANGELOG.md"}
	for _, pattern := range []string{"*.md", "decisions/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, found...)
	}
	if len(out) < 10 {
		t.Fatalf("only %v found: this test looks in the wrong place", out)
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names are what the group of a pattern finds, sorted, each once.
func names(text, pattern string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// anchors are the fragments by which the headings of a page are reached.
func anchors(page string) []string {
	odd := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var out []string
	for line := range strings.Lines(page) {
		if text := strings.TrimLeft(line, "#"); text != line && strings.HasPrefix(text, " ") {
			out = append(out, strings.ReplaceAll(odd.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), ""), " ", "-"))
		}
	}
	return out
}
