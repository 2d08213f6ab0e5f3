package arm

// AppendPage closes a list whose items are in buf already, after PageStart.
// A nextLink of "" is left out: clients take its mere presence for "there is more".
func AppendPage(buf []byte, nextLink string) []byte {
	buf = append(buf, ']')
	if nextLink != "" {
		buf = append(buf, `,"nextLink":`...)
		buf = AppendString(buf, nextLink)
	}
	return append(buf, '}')
}

// PageStart opens a list; the items follow, separated by commas.
const PageStart = `{"value":[`

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Nearly all that we write are names
// and timestamps, so plain text is copied in runs, without an allocation.
func AppendString(buf []byte, s string) []byte {
	return append(AppendText(append(buf, '"'), s), '"')
}

// AppendText is AppendString without the quotes: a part of a longer string.
func AppendText(buf []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		buf = append(buf, s[start:i]...)
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		default:
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		start = i + 1
	}
	return append(buf, s[start:]...)
}
