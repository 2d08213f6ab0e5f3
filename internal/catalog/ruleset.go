package catalog

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"apicenter/internal/inventory"
)

// Bounds of a ruleset.
const (
	maxRuleset      = 10 << 20 // bytes of the archive
	maxRulesetFiles = 1000
)

// rulesetFormats say how a ruleset is given.
var rulesetFormats = map[string]func(c *Catalog, ctx context.Context, value string) ([]byte, error){
	"inline-zip":  (*Catalog).rulesetInline,
	"inline-json": (*Catalog).rulesetJSON,
	"inline-yaml": (*Catalog).rulesetYAML,
	"link-zip":    (*Catalog).rulesetLinked,
}

// ImportRuleset gives an analyzer its rules: an archive inside value or at the
// address that it is, or one file. They are kept as an archive. It is a long
// operation of the analyzer. NotFound, Invalid, Unavailable.
func (c *Catalog) ImportRuleset(ctx context.Context, id inventory.ID, format, value string) (inventory.Operation, error) {
	read, ok := rulesetFormats[strings.ToLower(format)]
	if !ok {
		return inventory.Operation{}, inventory.Errorf(inventory.Invalid, "format", "format %q is not known; use inline-zip, inline-json, inline-yaml or link-zip", format)
	}
	if value == "" {
		return inventory.Operation{}, inventory.Errorf(inventory.Invalid, "value", "value is required; give the ruleset, or its address")
	}
	if _, err := c.Get(ctx, id); err != nil {
		return inventory.Operation{}, err
	}
	by, err := actor(ctx)
	if err != nil {
		return inventory.Operation{}, err
	}
	o, _, err := c.begin(ctx, id, "importRuleset", func(ctx context.Context) error {
		archive, err := read(c, ctx, value)
		if err != nil {
			return err
		}
		if err := checkRuleset(archive); err != nil {
			return err
		}
		return c.attach(ctx, by, id, bytes.NewReader(archive), nil)
	})
	return o, err
}

// ExportRuleset gives the archive of an analyzer's rules. NotFound when there is none.
func (c *Catalog) ExportRuleset(ctx context.Context, id inventory.ID) (inventory.Digest, error) {
	r, err := c.Get(ctx, id)
	if err == nil && r.Document == "" {
		err = inventory.Errorf(inventory.NotFound, "", "analyzer configuration %q has no ruleset yet; import one first", r.Name())
	}
	return r.Document, err
}

func (c *Catalog) rulesetInline(_ context.Context, value string) ([]byte, error) {
	archive, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, inventory.Errorf(inventory.Invalid, "value", "value is not base64: %v", err)
	}
	return archive, nil
}

func (c *Catalog) rulesetJSON(_ context.Context, value string) ([]byte, error) {
	if !json.Valid([]byte(value)) {
		return nil, inventory.Errorf(inventory.Invalid, "value", "value is not JSON")
	}
	return archiveOf("ruleset.json", value)
}

func (c *Catalog) rulesetYAML(_ context.Context, value string) ([]byte, error) {
	return archiveOf("ruleset.yaml", value)
}

func (c *Catalog) rulesetLinked(ctx context.Context, value string) ([]byte, error) {
	return c.download(ctx, value, maxRuleset)
}

// archiveOf is an archive of one file; of the same file, always the same bytes.
func archiveOf(name, content string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write([]byte(content)); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// checkRuleset says whether clients will find rules in an archive, and nothing
// that is to land outside of the folder that they unpack it in.
func checkRuleset(archive []byte) error {
	if len(archive) > maxRuleset {
		return inventory.Errorf(inventory.Invalid, "value", "the archive has %d bytes; at most %d are allowed", len(archive), maxRuleset)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return inventory.Errorf(inventory.Invalid, "value", "value is not a zip archive: %v", err)
	}
	if len(r.File) > maxRulesetFiles {
		return inventory.Errorf(inventory.Invalid, "value", "the archive has %d files; at most %d are allowed", len(r.File), maxRulesetFiles)
	}
	found := false
	for _, f := range r.File {
		if !fs.ValidPath(strings.TrimSuffix(f.Name, "/")) || strings.Contains(f.Name, `\`) {
			return inventory.Errorf(inventory.Invalid, "value", "the archive has a file %q, which cannot be the path of a file in it", f.Name)
		}
		base, ext := path.Base(f.Name), path.Ext(f.Name)
		found = found || strings.TrimSuffix(base, ext) == "ruleset" && slices.Contains([]string{".yaml", ".yml", ".json", ".js", ".mjs"}, ext)
	}
	if !found {
		return inventory.Errorf(inventory.Invalid, "value", "the archive has no ruleset.yaml, .yml, .json, .js or .mjs")
	}
	return nil
}
