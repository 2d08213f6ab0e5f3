package listing

import (
	"regexp"
	"strings"
)

// lexer tells the words of a language apart, line by line.
type lexer struct {
	words *regexp.Regexp // one group for each of classes, tried at each place
	names []string       // the classes
	long  []long         // what goes over several lines
}

// long is a comment or a text over several lines.
type long struct{ open, end, class string }

// The classes: c comment, s text, n number, k word of the language, a name of a
// member, attribute or field, t tag or type.

var lexers = map[Language]lexer{
	JSON: {
		words: regexp.MustCompile(`("(?:[^"\\]|\\.)*"\s*:)|("(?:[^"\\]|\\.)*"?)|(-?\d[\d.eE+-]*)|(\b(?:true|false|null)\b)`),
		names: []string{"a", "s", "n", "k"},
	},
	YAML: {
		words: regexp.MustCompile(`((?:^|\s)#.*$)|((?:^|[\s{,-])(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'{}\[\],&*!|>:-][^\s#:{}\[\],]*(?: [^\s#:{}\[\],]+)*)\s*:(?:\s|$))|("(?:[^"\\]|\\.)*"|'[^']*')|([&*!][\w-]+)|(\b(?:true|false|null)\b)|(-?\b\d[\d.]*\s*$)`),
		names: []string{"c", "a", "s", "t", "k", "n"},
	},
	XML: {
		words: regexp.MustCompile(`(</?[\w:.-]+|/?>|\?>|<\?[\w-]+)|([\w:.-]+=)|("[^"]*"|'[^']*')|(&[#\w]+;)`),
		names: []string{"t", "a", "s", "n"},
		long:  []long{{"<!--", "-->", "c"}, {"<![CDATA[", "]]>", "s"}},
	},
	GraphQL: {
		words: regexp.MustCompile(`(#.*$)|("(?:[^"\\]|\\.)*")|(\b(?:type|interface|enum|input|union|scalar|directive|schema|extend|implements|on|query|mutation|subscription|repeatable|true|false|null)\b)|([_A-Za-z]\w*\s*[:(])|([A-Z]\w*)|(@\w+)|(-?\b\d[\d.]*\b)`),
		names: []string{"c", "s", "k", "a", "t", "k", "n"},
		long:  []long{{`"""`, `"""`, "c"}},
	},
	Protobuf: {
		words: regexp.MustCompile(`(//.*$)|("(?:[^"\\]|\\.)*"|'[^']*')|(\b(?:syntax|package|import|option|message|enum|service|rpc|returns|stream|repeated|optional|required|oneof|map|reserved|extend|extensions|public|weak|to|true|false)\b)|(\b(?:double|float|u?int(?:32|64)|sint(?:32|64)|s?fixed(?:32|64)|bool|string|bytes)\b|\b[A-Z]\w*)|(\b\d+\b)`),
		names: []string{"c", "s", "k", "t", "n"},
		long:  []long{{"/*", "*/", "c"}},
	},
}

// tokens splits a line. state is the end that a long token of lines before waits
// for, and what is returned that of the lines after.
func (l lexer) tokens(line, state string) (tokens []Token, next string) {
	add := func(class, text string) {
		if text != "" {
			tokens = append(tokens, Token{class, text})
		}
	}
	for line != "" {
		if state != "" {
			at := strings.Index(line, state)
			if at < 0 {
				add(l.classOf(state), line)
				return tokens, state
			}
			add(l.classOf(state), line[:at+len(state)])
			line, state = line[at+len(state):], ""
			continue
		}
		at, open := len(line), long{}
		for _, o := range l.long {
			if i := strings.Index(line, o.open); i >= 0 && i < at {
				at, open = i, o
			}
		}
		l.short(line[:at], add)
		if open.open == "" {
			return tokens, ""
		}
		line, state = line[at+len(open.open):], open.end
		add(open.class, open.open)
	}
	return tokens, state
}

func (l lexer) classOf(end string) string {
	for _, o := range l.long {
		if o.end == end {
			return o.class
		}
	}
	return ""
}

// short splits what is all on one line.
func (l lexer) short(line string, add func(class, text string)) {
	if l.words == nil {
		add("", line)
		return
	}
	from := 0
	for _, m := range l.words.FindAllStringSubmatchIndex(line, -1) {
		for g, class := range l.names {
			start, end := m[2*g+2], m[2*g+3]
			if start < 0 {
				continue
			}
			text := line[start:end]
			name := strings.TrimRight(text, " \t:(=") // of a name, what follows is not part
			if class != "a" {
				name = strings.TrimRight(text, " \t")
			}
			lead := len(name) - len(strings.TrimLeft(name, " \t{,-"))
			if class == "c" || class == "s" || class == "n" {
				lead = len(name) - len(strings.TrimLeft(name, " \t"))
			}
			add("", line[from:start+lead])
			add(class, name[lead:])
			from = start + len(name)
		}
	}
	add("", line[from:])
}
