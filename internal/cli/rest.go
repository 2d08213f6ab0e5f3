package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// request is the flags of `rest`.
type request struct {
	method, address, body, file string
	headers, parameters         []string
	anonymous                   bool
}

func restCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "rest", Short: "Send any request to the center",
		Long: `Send any request to the center, with the token of the sign-in, and print the
answer: JSON as the other verbs print it (json unless -o says otherwise),
anything else as it is. The token goes to the center alone.

  apicenter rest --method put --url "$SERVICE/workspaces/default/apis/pets?api-version=2024-03-01" \
      --body '{"properties":{"title":"Pets","kind":"rest"}}'`,
		Example: `  apicenter rest --url "/subscriptions?api-version=2021-04-01" --query "value[].subscriptionId"`,
	}
	c := reach(cmd, s)
	c.usual = "json"
	var r request
	f := cmd.Flags()
	f.StringVarP(&r.method, "method", "m", "get", "get, put, post, patch, delete, head or options")
	f.StringVarP(&r.address, "url", "u", "", "path at the center, or a whole address of it")
	f.StringVar(&r.address, "uri", "", "the same")
	f.StringVarP(&r.body, "body", "b", "", "JSON to send; @FILE reads it from a file, @- from the standard input")
	f.StringArrayVar(&r.headers, "headers", nil, "header to send, as NAME=VALUE; may be repeated")
	f.StringArrayVar(&r.parameters, "uri-parameters", nil, "parameter to add to the address, as NAME=VALUE; may be repeated")
	f.StringVar(&r.file, "output-file", "", "`file` to write the answer to, byte for byte")
	f.BoolVar(&r.anonymous, "skip-authorization-header", false, "send no token")
	cmd.MarkFlagsOneRequired("url", "uri")
	cmd.MarkFlagsMutuallyExclusive("url", "uri")
	complete(cmd, "method", words("get", "put", "post", "patch", "delete", "head", "options"))
	return leaf(cmd, func(cmd *cobra.Command) error { return r.run(cmd, c) })
}

func (r *request) run(cmd *cobra.Command, c *connection) error {
	wire, err := r.read(cmd, c.streams)
	if err != nil {
		return err
	}
	t, err := c.settle(cmd)
	if err != nil {
		return err
	}
	options := client.Options{HTTP: t.carrier, UserAgent: userAgent}
	if !r.anonymous {
		options.Token, options.TokenSource = t.credential()
	}
	s, err := c.session(cmd, t, options)
	if err != nil {
		return err
	}
	a, err := s.Do(cmd.Context(), wire)
	if err != nil {
		return explain(err)
	}
	if r.file != "" {
		return writeFile(r.file, bytes.NewReader(a.Body))
	}
	if len(bytes.TrimSpace(a.Body)) == 0 {
		return nil
	}
	var v any
	if a.Decode(&v) != nil {
		return write(c.streams.Out, bytes.NewReader(a.Body))
	}
	return s.print.raw(v)
}

// raw prints v as it came, and not as a resource.
func (p printer) raw(v any) error {
	if !p.whole() {
		p.query = everything()
	}
	return p.document(v)
}

// read makes a request of the flags.
func (r *request) read(cmd *cobra.Command, s Streams) (client.Request, error) {
	out := client.Request{Method: strings.ToUpper(r.method), Path: r.address, Query: url.Values{}, Header: http.Header{}}
	switch out.Method {
	case "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS":
	default:
		return out, usage(cmd, "--method %q is none of get, put, post, patch, delete, head, options", clean(r.method))
	}
	if !strings.HasPrefix(r.address, "/") && !strings.Contains(r.address, "://") {
		return out, usage(cmd, "--url must be a path that begins with / or an address of the center")
	}
	for _, h := range r.headers {
		name, value, ok := strings.Cut(h, "=")
		if !ok || !plainHeader(name, value) {
			return out, usage(cmd, "--headers wants NAME=VALUE")
		}
		out.Header.Add(name, value)
	}
	for _, p := range r.parameters {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return out, usage(cmd, "--uri-parameters wants NAME=VALUE, and %q is not that", clean(p))
		}
		out.Query.Add(name, value)
	}
	text, err := s.document(r.body)
	if err != nil {
		return out, failed("", "read the body: %v", err)
	}
	if text != "" {
		if !json.Valid([]byte(text)) {
			return out, usage(cmd, "--body is not JSON")
		}
		out.Body = json.RawMessage(text)
	}
	return out, nil
}

// plainHeader tells whether this can be a header; the standard library's own
// error would show the value, which may be secret.
func plainHeader(name, value string) bool {
	return name != "" && !strings.ContainsAny(name, " :\t\r\n\x00") && !strings.ContainsAny(value, "\r\n\x00")
}
