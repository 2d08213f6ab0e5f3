package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// documentPatience is how long an export may take: the center may have to fetch
// the document first.
const documentPatience = 10 * time.Minute

func exportCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export-specification", Short: "Write a definition to a file, byte for byte",
		Example: "  apicenter api definition export-specification --api-id petstore --version-id v1-0 --definition-id openapi --file-name -\n" +
			"  apicenter api definition export-specification --api-id petstore --version-id v1-0 --definition-id openapi --file-name old.json --at 720h",
	}
	of := definitionKind().target(cmd, c)
	file := fileFlag(cmd)
	var past instant
	past.flag(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		at, err := past.time(cmd)
		if err != nil {
			return nil, err
		}
		text, err := s.DefinitionByID(path).ExportSpecificationAt(ctx, at)
		if err != nil {
			return nil, explain(err)
		}
		defer text.Close()
		return nil, s.save(*file, text)
	}, nil)
}

// fileFlag is the flag for a file to write.
func fileFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("file-name", "", "file to write; - is the standard output")
	require(cmd, "file-name")
	if err := cmd.MarkFlagFilename("file-name"); err != nil {
		panic(err)
	}
	return file
}

// save writes to a file, or with "-" to the standard output.
func (s *session) save(file string, from io.Reader) error {
	if file == "-" {
		return write(s.streams.Out, from)
	}
	return writeFile(file, from)
}

// document opens the content of an export: in the answer, or where it points.
func (s *session) document(ctx context.Context, o object) (io.ReadCloser, error) {
	value, ok := o["value"].(string)
	if !ok {
		return nil, failed("", "the center exported no document")
	}
	text, err := s.Open(ctx, client.Document{Format: o.text("format"), Value: value})
	return text, explain(err)
}

func write(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}

// writeFile replaces the file in one step, so that a broken download leaves
// the old one; what the file had for permissions it keeps. What is no plain
// file, as /dev/stdout, is written to directly.
func writeFile(name string, from io.Reader) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	old, err := os.Stat(name)
	there := err == nil
	if there && !old.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("write the document: %w", err)
		}
		defer f.Close()
		return write(f, from)
	}
	mode := fs.FileMode(0o666) // less what the umask takes
	if there {
		mode = old.Mode().Perm()
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".apicenter-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := write(f, from); err != nil {
		f.Close()
		return err
	}
	if there {
		err = f.Chmod(mode)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}
