package portal

import (
	"regexp"
	"strings"
	"testing"
)

func TestProse(t *testing.T) {
	for _, tt := range []struct{ source, want string }{
		{"one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"},
		{"*a* **b** `c<d` ~~e~~", "<p><em>a</em> <strong>b</strong> <code>c&lt;d</code> <s>e</s></p>"},
		{"# Title", `<p class="heading">Title</p>`},
		{"- a\n- b\n\n1. c", `<ul class="points"><li>a</li><li>b</li></ul><ol class="points"><li>c</li></ol>`},
		{"[a](https://a.example/?b&c) <https://d.example>", `<p><a rel="noreferrer" href="https://a.example/?b&amp;c">a</a> <a rel="noreferrer" href="https://d.example">https://d.example</a></p>`},
		{"[a](javascript:alert(1)) [b](data:text/html,x) [c](/local) [d](//evil.example)", "<p>a b c d</p>"},
		{"![alt](https://a.example/x.png)", `<p><a rel="noreferrer" href="https://a.example/x.png">alt</a></p>`},
		{"<p>Makes <b>a</b> &lt;thing&gt;.</p><ul><li>one</li></ul>", "<p>Makes a &lt;thing&gt;.</p><p>• one</p>"},
		{"a<br>b<script>alert(1)</script>", "<p>a<br>balert(1)</p>"},
		{"<script>alert(1)</script>", ""},
		{"<img src=x onerror=alert(1)>", ""},
		{"    code <b>", `<pre tabindex="0"><code>code &lt;b&gt;</code></pre>`},
		{`a \* b &amp; "c"`, `<p>a * b &amp; &#34;c&#34;</p>`},
		{"| a |\n|---|\n| b |", `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><tr><td>a</td></tr><tr><td>b</td></tr></table></div>`},
	} {
		if got := string(prose(tt.source)); got != tt.want {
			t.Errorf("%q is shown as\n%s\nwant\n%s", tt.source, got, tt.want)
		}
	}
}

// What is written to take long is shown as it stands: with a text that takes more
// than its length in time, this test would not end.
func TestProseIsBounded(t *testing.T) {
	for _, part := range []string{"[", "![", "[a](", "*a_ ", "`", "<", "> ", "- ", "&", "<!--", "<a ", "|", "\\", "a\n", "# ", "~~a*", "[a]: b\n", "<p"} {
		out := prose(strings.Repeat(part, maxProse/len(part)))
		if len(out) > 100*maxProse {
			t.Errorf("%q becomes %d bytes", part, len(out))
		}
	}
}

// ours are the elements that prose may write.
var ours = regexp.MustCompile(`</?(p|em|strong|s|code|ul|ol|li|blockquote|tr|td|table|br|hr|a|div|pre)>|<(p|ul|ol) class="(heading|plain|points)">|` +
	`<a rel="noreferrer" href="(?i:https?://|mailto:)[^"<>]*">|<pre tabindex="0">|<div class="scroll" tabindex="0" role="region" aria-label="Table">`)

// Whatever a text is, nothing comes into a page but elements of ours.
func FuzzProse(f *testing.F) {
	f.Add("# a\n- [b](javascript:c) <img src=x onerror=y> `d`\n\n| e |\n|--|\n![f](https://g \"h\")<https://i>")
	f.Fuzz(func(t *testing.T, source string) {
		out := string(prose(source))
		if rest := ours.ReplaceAllString(out, ""); strings.ContainsAny(rest, `<>"`) {
			t.Fatalf("%q becomes %s", source, out)
		}
	})
}
