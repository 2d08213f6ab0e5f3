package specs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"apicenter/internal/emulator/document"
)

// headSize bounds what is read of a file before its name must do.
const headSize = 256 << 10

// firstSize is enough for most; the rest of the head is read when it is not.
const firstSize = 16 << 10

type info struct {
	Title       string `json:"title" yaml:"title"`
	Description string `json:"description" yaml:"description"`
}

// readHead takes title and description from the start of the file. What is not
// found there, or cannot be read, stays as the file name has it.
func (f *File) readHead(buf []byte) {
	file, err := os.Open(f.Path)
	if err != nil {
		return
	}
	defer file.Close()
	n, _ := io.ReadFull(file, buf[:firstSize]) // a short file is fine
	in, ok := f.parse(buf[:n])
	if !ok && n == firstSize {
		more, _ := io.ReadFull(file, buf[firstSize:])
		in, _ = f.parse(buf[:n+more])
	}
	f.Title = clip(cmp.Or(strings.TrimSpace(in.Title), f.Title), 300)
	f.Description = clip(in.Description, 4000)
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

func (f *File) parse(head []byte) (info, bool) {
	switch f.Format {
	case document.OpenAPIJSON:
		if bytes.Contains(head[:min(len(head), 2048)], []byte(`"swagger"`)) {
			f.Format = document.Swagger
		}
		return jsonInfo(head)
	case document.OpenAPIYAML:
		return yamlInfo(head)
	case document.WSDL:
		return wsdlInfo(head), true
	default:
		return info{}, true
	}
}

// jsonInfo walks the tokens of the top level up to the field "info", without
// decoding what stands before it.
func jsonInfo(head []byte) (info, bool) {
	var in info
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return in, err == nil
	}
	for {
		key, err := d.Token()
		if err != nil {
			return in, false
		}
		if key == json.Delim('}') {
			return in, true
		}
		if key == "info" {
			return in, d.Decode(&in) == nil
		}
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			return in, false
		}
	}
}

// yamlInfo reads the block below the line "info:" alone.
func yamlInfo(head []byte) (info, bool) {
	var block []string
	inside := false
	for line := range strings.Lines(string(head)) {
		if inside && line[0] != ' ' && line[0] != '\t' && strings.TrimSpace(line) != "" && line[0] != '#' {
			return decodeInfo(block), true
		}
		inside = inside || strings.HasPrefix(line, "info:")
		if inside {
			block = append(block, line)
		}
	}
	return decodeInfo(block), false
}

func decodeInfo(block []string) info {
	var in struct {
		Info info `yaml:"info"`
	}
	_ = yaml.Unmarshal([]byte(strings.Join(block, "")), &in) // an unreadable block says nothing
	return in.Info
}

// wsdlInfo takes the name of the service, which stands at the end of a WSDL
// that may be longer than the head; then the name of the definitions must do.
func wsdlInfo(head []byte) info {
	for _, element := range []string{"service", "definitions"} {
		for _, prefix := range []string{"<wsdl:", "<"} {
			_, rest, ok := strings.Cut(string(head), prefix+element+" ")
			if !ok {
				continue
			}
			tag, _, _ := strings.Cut(rest, ">")
			if _, name, ok := strings.Cut(tag, `name="`); ok {
				name, _, _ = strings.Cut(name, `"`)
				return info{Title: name}
			}
		}
	}
	return info{}
}
