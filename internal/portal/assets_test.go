package portal

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// A class without a rule is left over, or misspelt.
func TestClassesHaveRules(t *testing.T) {
	css, err := static.ReadFile("static/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	selectors, styled := regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(string(css), ""), map[string]bool{}
	for _, m := range regexp.MustCompile(`\.([a-zA-Z][\w-]*)`).FindAllStringSubmatch(selectors, -1) {
		styled[m[1]] = true
	}
	class := regexp.MustCompile(`class="((?:\{\{(?:"[^"]*"|[^}"])*\}\}|[^"{])*)"`)
	action := regexp.MustCompile(`\{\{.*?\}\}`)
	begun := regexp.MustCompile(`-$|^[st]$`) // what is shown has the rest of the name
	if err := fs.WalkDir(templates, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(name)
		for _, m := range class.FindAllStringSubmatch(string(text), -1) {
			for _, c := range strings.Fields(action.ReplaceAllString(m[1], " ")) {
				if !styled[c] && !begun.MatchString(c) {
					t.Errorf("%s: the class %q has no rule", name, c)
				}
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
