package arm

// Depth is how deep objects and lists nest in JSON text. It is asked before a
// body is decoded, so it takes any text.
func Depth(body []byte) (deepest int) {
	var level int
	var quoted bool
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
