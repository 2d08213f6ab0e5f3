package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var static embed.FS

// assets are the files that pages refer to, by name.
type assets map[string]asset

type asset struct {
	hash  string
	typ   string
	plain []byte
	gzip  []byte
}

func readAssets() (assets, error) {
	out := assets{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		a := asset{typ: mime.TypeByExtension(path.Ext(name))}
		if a.plain, err = static.ReadFile(name); err != nil {
			return err
		}
		sum := sha256.Sum256(a.plain)
		a.hash = hex.EncodeToString(sum[:6])
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(a.plain); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		a.gzip = b.Bytes()
		out[path.Base(name)] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the portal's files: %w", err)
	}
	return out, nil
}

// address is where a file is: it changes with the file, so browsers keep it for good.
func (a assets) address(name string) (string, error) {
	found, ok := a[name]
	if !ok {
		return "", fmt.Errorf("the portal has no file %q", name)
	}
	return Root + "/-/static/" + found.hash + "/" + name, nil
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	found, ok := a[r.PathValue("name")]
	if !ok || found.hash != r.PathValue("hash") {
		http.Error(w, "there is no such file; load the page again", http.StatusNotFound)
		return
	}
	h, body := w.Header(), found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = found.gzip
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", found.typ)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(body) // the browser is gone: nobody to tell
}
