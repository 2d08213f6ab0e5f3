package cli

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// maxInline is how large a document may be to travel inside of a request: what
// every center takes.
const maxInline = 3 << 20

func importCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import-specification", Short: "Give a definition its document",
		Long: `Give a definition its document.

A document of up to 3 MB can be sent as it is (--format inline). The center
fetches a larger one from an address (--format link).`,
		Example: "  apicenter api definition import-specification --api-id petstore --version-id v1-0 --definition-id openapi \\\n" +
			"      --format inline --value '{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"Pets\",\"version\":\"1\"},\"paths\":{}}' --specification name=openapi version=3.0.1\n" +
			"  apicenter api definition import-specification --api-id petstore --version-id v1-0 --definition-id openapi \\\n" +
			"      --format link --value https://example.com/pets.json --specification '{\"name\":\"openapi\",\"version\":\"3.0.1\"}'",
	}
	of := definitionKind().target(cmd, c)
	f := cmd.Flags()
	format := f.String("format", "", "inline or link")
	value := f.String("value", "", "the document, @FILE for that of a file, - for the standard input; or its address")
	f.Var(&fileValue{cmd}, "file-name", "the same as --value @FILE")
	if err := f.MarkHidden("file-name"); err != nil {
		panic(err)
	}
	specification := several(f, "specification", "", "what it is written in: name=openapi version=3.0.1")
	require(cmd, "format", "value", "specification")
	complete(cmd, "format", words("inline", "link"))
	op := operationFlags(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		how := strings.ToLower(*format)
		if how != "inline" && how != "link" {
			return nil, usage(cmd, "--format %q is neither inline nor link", *format)
		}
		text, err := s.streams.document(*value)
		if err != nil {
			return nil, usage(cmd, "--value: %v", err)
		}
		if how == "inline" && len(text) > maxInline {
			return nil, usage(cmd, "the document has %d bytes, and inline takes %d: put it at an address and use --format link", len(text), maxInline)
		}
		g := given{streams: s.streams, several: map[string]*groups{"specification": specification}}
		what, err := g.structure(option{flag: "specification", property: "specification", form: record}, object{})
		if err != nil {
			return nil, usage(cmd, "--specification: %v", err)
		}
		_, err = op.run(ctx, s, call{
			path: path + "/importSpecification", version: stable, patient: documentPatience,
			body: object{"format": how, "value": text, "specification": what},
		})
		return nil, err
	}, nil)
}

// fileValue is the older way to say --value @FILE.
type fileValue struct{ cmd *cobra.Command }

func (f *fileValue) Set(name string) error { return f.cmd.Flags().Set("value", "@"+name) }

func (f *fileValue) String() string { return "" }

func (f *fileValue) Type() string { return "string" }

func exportMetadataCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Write the JSON Schema of an entity, custom metadata included, to a file",
		Example: "  apicenter metadata export --assignments api --file-name -\n" +
			"  apicenter metadata export --assignments deployment --file-name schema.json --custom-metadata-only",
	}
	of := serviceKind().target(cmd, c)
	entity := cmd.Flags().String("assignments", "", "`entity` that the schema is of: api, deployment or environment")
	require(cmd, "assignments")
	complete(cmd, "assignments", words("api", "deployment", "environment"))
	file := fileFlag(cmd)
	only := cmd.Flags().Bool("custom-metadata-only", false, "only the schema of the custom metadata")
	return of.leaf(cmd, func(ctx context.Context, _ *cobra.Command, s *session, path string) (object, error) {
		o, err := s.post(ctx, call{
			path: path + "/exportMetadataSchema", version: stable, body: object{"assignedTo": strings.ToLower(*entity)},
		})
		if err != nil {
			return nil, err
		}
		schema, err := s.document(ctx, o)
		if err != nil {
			return nil, err
		}
		defer schema.Close()
		if !*only {
			return nil, s.save(*file, schema)
		}
		custom, err := customSchema(schema)
		if err != nil {
			return nil, err
		}
		return nil, s.save(*file, strings.NewReader(custom))
	}, nil)
}

// customSchema is the part of an entity's schema that its center's people made.
func customSchema(schema io.Reader) (string, error) {
	text, err := readAll(schema, "the schema")
	if err != nil {
		return "", failed("", "%v", err)
	}
	var whole struct {
		Properties struct {
			Custom json.RawMessage `json:"customProperties"`
		} `json:"properties"`
	}
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return "", failed("", "the center exported what is no JSON Schema: %v", err)
	}
	if whole.Properties.Custom == nil {
		return "{}", nil
	}
	return string(whole.Properties.Custom), nil
}
