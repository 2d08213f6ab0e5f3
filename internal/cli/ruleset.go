package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// Bounds of a ruleset.
const (
	maxRuleset      = 16 << 20 // bytes of all its files
	maxRulesetFiles = 1000
)

func importRulesetCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import-ruleset", Short: "Give an analysis its rules: a folder with a ruleset.yml, and functions if it has any",
		Example: "  apicenter api-analysis import-ruleset -c spectral-openapi --path rules",
	}
	of := analysisKind().target(cmd, c)
	folder := pathFlag(cmd, "folder of the rules, or the one file that has them")
	op := operationFlags(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		packed, err := pack(*folder)
		if err != nil {
			return nil, usage(cmd, "--path: %v", err)
		}
		_, err = op.run(ctx, s, call{
			path: path + "/importRuleset", version: preview,
			body: object{"format": "inline-zip", "value": base64.StdEncoding.EncodeToString(packed)},
		})
		return nil, err
	}, nil)
}

func exportRulesetCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export-ruleset", Short: "Write the rules of an analysis to a folder",
		Example: "  apicenter api-analysis export-ruleset -c spectral-openapi --path rules",
	}
	of := analysisKind().target(cmd, c)
	folder := pathFlag(cmd, "folder to write to; it is made if it is not there")
	return of.leaf(cmd, func(ctx context.Context, _ *cobra.Command, s *session, path string) (object, error) {
		o, err := s.post(ctx, call{path: path + "/exportRuleset", version: preview})
		if err != nil {
			return nil, err
		}
		if format := o.text("format"); format != "inline-zip" {
			return nil, failed("", "the center exported the rules as %q, and only inline-zip is known here", format)
		}
		packed, err := base64.StdEncoding.DecodeString(o.text("value"))
		if err != nil {
			return nil, failed("", "the center exported rules that are not in base64: %v", err)
		}
		return nil, unpack(packed, *folder)
	}, nil)
}

func pathFlag(cmd *cobra.Command, usage string) *string {
	p := cmd.Flags().String("path", "", usage)
	require(cmd, "path")
	if err := cmd.MarkFlagFilename("path"); err != nil {
		panic(err)
	}
	return p
}

// pack makes a zip file of a folder, or of one file.
func pack(from string) ([]byte, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	names := []string{filepath.Base(from)}
	root, err := os.OpenRoot(filepath.Dir(filepath.Clean(from)))
	if info.IsDir() && err == nil {
		if err := root.Close(); err != nil {
			return nil, err
		}
		if root, err = os.OpenRoot(from); err == nil {
			names, err = files(root.FS())
		}
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	left := int64(maxRuleset)
	for _, name := range names {
		as := filepath.ToSlash(name)
		if !info.IsDir() {
			as = "ruleset" + filepath.Ext(name) // the name by which rules are found
		}
		if left, err = packFile(z, as, root, name, left); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// files lists the plain files below a folder.
func files(folder fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if names = append(names, name); len(names) > maxRulesetFiles {
			return fmt.Errorf("it has more than %d files", maxRulesetFiles)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there are no files in it")
	}
	slices.Sort(names)
	return names, err
}

func packFile(z *zip.Writer, as string, root *os.Root, name string, left int64) (int64, error) {
	f, err := root.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w, err := z.Create(as)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, io.LimitReader(f, left+1))
	if err == nil && n > left {
		err = fmt.Errorf("the files have more than %d MiB", maxRuleset>>20)
	}
	return left - n, err
}

// unpack writes the files of a zip file below a folder, and nowhere else.
func unpack(packed []byte, folder string) error {
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return failed("", "the center exported rules that are no zip file: %v", err)
	}
	if len(z.File) > maxRulesetFiles {
		return failed("", "the rules have more than %d files", maxRulesetFiles)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	defer root.Close()
	left := int64(maxRuleset)
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if left, err = unpackFile(root, f, left); err != nil {
			return fmt.Errorf("write the rules: %w", err)
		}
	}
	return nil
}

// unpackFile keeps to the root: os.Root refuses a name that leads out of it.
func unpackFile(root *os.Root, f *zip.File, left int64) (int64, error) {
	name := filepath.FromSlash(f.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
	from, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := root.Create(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, io.LimitReader(from, left+1))
	if err == nil && n > left {
		err = fmt.Errorf("they have more than %d MiB", maxRuleset>>20)
	}
	if e := to.Close(); err == nil {
		err = e
	}
	return left - n, err
}
