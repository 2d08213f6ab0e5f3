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

// inlineRulesets are how a ruleset is given in a request, and make an archive of it.
var inlineRulesets = map[string]func(value string) ([]byte, error){
	"inline-zip":  rulesetOfZip,
	"inline-json": rulesetOfJSON,
	"inline-yaml": rulesetOfYAML,
}

// linkedRuleset is the format of a ruleset that is fetched, as an archive.
const linkedRuleset = "link-zip"

// ImportRuleset gives an analyzer its rules: an archive inside value or at the
// address that it is, or one file. They are kept as an archive. It is a long
// operation of the analyzer, which what is wrong with value itself does not even
// begin. NotFound, Invalid, Unavailable.
func (c *Catalog) ImportRuleset(ctx context.Context, id inventory.ID, format, value string) (inventory.Operation, error) {
	inline, ok := inlineRulesets[strings.ToLower(format)]
	if !ok && !strings.EqualFold(format, linkedRuleset) {
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
	var archive []byte
	if inline != nil {
		if archive, err = inline(value); err != nil {
			return inventory.Operation{}, err
		}
		if err := checkRuleset(archive); err != nil {
			return inventory.Operation{}, err
		}
	}
	o, _, err := c.begin(ctx, id, "importRuleset", func(ctx context.Context) error {
		if inline == nil {
			fetched, err := c.download(ctx, value, maxRuleset)
			if err != nil {
				return err
			}
			if err := checkRuleset(fetched); err != nil {
				return err
			}
			archive = fetched
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

func rulesetOfZip(value string) ([]byte, error) {
	archive, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, inventory.Errorf(inventory.Invalid, "value", "value is not base64: %v", err)
	}
	return archive, nil
}

func rulesetOfJSON(value string) ([]byte, error) {
	if !json.Valid([]byte(value)) {
		return nil, inventory.Errorf(inventory.Invalid, "value", "value is not JSON")
	}
	return archiveOf("ruleset.json", value)
}

func rulesetOfYAML(value string) ([]byte, error) {
	return archiveOf("ruleset.yaml", value)
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
