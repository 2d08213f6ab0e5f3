package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// row and full print a resource: in one line, or all of it.
func (k kind) row(p printer, o object) error { return p.row(o, k.columns) }

func (k kind) full(p printer, o object) error { return p.one(o, k.columns) }

// showCommand is the verb `show` of k.
func (k kind) showCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Show one " + k.noun + " in full", Example: k.example("show")}
	of := k.target(cmd, c)
	var past instant
	past.flag(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		query, err := past.query(cmd)
		if err != nil {
			return nil, err
		}
		return s.send(ctx, call{method: http.MethodGet, path: path, version: k.version, query: query})
	}, k.full)
}

// createCommand is the verb `create` of k. As with az, what is there already is replaced.
func (k kind) createCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "create", Short: "Create " + article(k.noun) + ", or replace it", Example: k.example("create")}
	of := k.flags(cmd, c, len(k.steps))
	properties := k.properties(cmd, c, true)
	return leaf(cmd, func(cmd *cobra.Command) error {
		s, err := c.open(cmd.Context(), cmd)
		if err != nil {
			return err
		}
		o := object{"properties": map[string]any{}}
		if k.initial != nil {
			o["properties"] = k.initial(*of[k.steps[len(k.steps)-1].flag])
		}
		if err := properties.apply(cmd, s.workspace, o); err != nil {
			return err
		}
		if o, err = s.send(cmd.Context(), call{method: http.MethodPut, path: s.at(k, of), version: k.version, body: o}); err != nil {
			return err
		}
		return k.row(s.print, o)
	})
}

// updateCommand is the verb `update` of k.
func (k kind) updateCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use: "update", Short: "Change properties of " + article(k.noun) + ", and leave the others", Example: k.example("update"),
	}
	of := k.target(cmd, c)
	properties := k.properties(cmd, c, false)
	var edits generic
	edits.flags(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		return s.change(ctx, path, k.version, func(o object) error {
			if err := properties.apply(cmd, s.workspace, o); err != nil {
				return err
			}
			return edits.apply(cmd, o)
		})
	}, k.row)
}

// change reads a resource, changes it, and writes it back as it was read or not
// at all. When somebody else has written in between, it starts anew.
func (s *session) change(ctx context.Context, path, version string, f func(object) error) (object, error) {
	return s.rewrite(ctx, path, version, f, false)
}

// ensure is change for what need not be there: f gets an empty resource then.
func (s *session) ensure(ctx context.Context, path, version string, f func(object) error) (object, error) {
	return s.rewrite(ctx, path, version, f, true)
}

// rewrites is how often somebody else may be faster.
const rewrites = 3

func (s *session) rewrite(ctx context.Context, path, version string, f func(object) error, create bool) (object, error) {
	for n := 1; ; n++ {
		write := call{method: http.MethodPut, path: path, version: version}
		a, err := s.do(ctx, call{method: http.MethodGet, path: path, version: version})
		switch {
		case err == nil:
			if write.body, err = a.object(); err != nil {
				return nil, err
			}
			write.ifMatch = a.Header.Get("ETag")
		case create && ExitCode(err) == exitNotFound:
			write.body, write.ifAbsent = object{"properties": map[string]any{}}, true
		default:
			return nil, err
		}
		if err := f(write.body); err != nil {
			return nil, err
		}
		for _, name := range readOnly {
			delete(write.body, name)
		}
		o, err := s.send(ctx, write)
		if e, ok := errors.AsType[*apiError](err); ok && e.Status == http.StatusPreconditionFailed && n < rewrites {
			continue
		}
		return o, err
	}
}

// send makes a call and gives the object of the answer.
func (s *session) send(ctx context.Context, r call) (object, error) {
	a, err := s.do(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.object()
}

// deleteCommand is the verb `delete` of k. What goes with it is said in consequence.
func (k kind) deleteCommand(c *connection, consequence string) *cobra.Command {
	cmd := &cobra.Command{Use: "delete", Short: "Delete " + article(k.noun) + consequence, Example: k.example("delete")}
	of := k.target(cmd, c)
	sure := sureFlag(cmd)
	return of.leaf(cmd, func(ctx context.Context, cmd *cobra.Command, s *session, path string) (object, error) {
		question := fmt.Sprintf("This deletes the %s %s%s. Are you sure? (y/N) ", k.noun, last(path), consequence)
		if err := sure.ask(cmd, s.streams, question); err != nil {
			return nil, err
		}
		_, err := s.do(ctx, call{method: http.MethodDelete, path: path, version: k.version})
		return nil, err
	}, nil)
}

// sureness is the flag --yes.
type sureness struct{ yes bool }

func sureFlag(cmd *cobra.Command) *sureness {
	s := &sureness{}
	cmd.Flags().BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	return s
}

// ask asks the person; anything but yes is a failure. Where nobody can be
// asked, --yes must have been said.
func (y *sureness) ask(cmd *cobra.Command, s Streams, question string) error {
	if y.yes {
		return nil
	}
	if !s.InTerminal {
		return usage(cmd, "nobody is here to ask: say --yes to go on")
	}
	fmt.Fprint(s.Err, clean(question))
	line, err := bufio.NewReader(s.In).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	if err != nil {
		fmt.Fprintln(s.Err)
	}
	return failed("", "nothing was deleted")
}

// exists tells whether the resource is there; only a 404 means that it is not.
func (s *session) exists(ctx context.Context, path, version string) (object, bool, error) {
	o, err := s.get(ctx, path, version)
	if ExitCode(err) == exitNotFound {
		return nil, false, nil
	}
	return o, err == nil, err
}

// post makes a POST and gives the object of the answer.
func (s *session) post(ctx context.Context, r call) (object, error) {
	r.method = http.MethodPost
	a, err := s.do(ctx, r)
	if err != nil {
		return nil, err
	}
	if a, err = s.finish(ctx, a); err != nil {
		return nil, err
	}
	return a.object()
}

// operation is post for what takes long and may be left alone.
type operation struct{ noWait bool }

func operationFlags(cmd *cobra.Command) *operation {
	o := &operation{}
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "do not wait until it is done")
	return o
}

// run makes the call.
func (op *operation) run(ctx context.Context, s *session, r call) (object, error) {
	if op.noWait {
		r.method = http.MethodPost
		_, err := s.do(ctx, r)
		return nil, err
	}
	return s.post(ctx, r)
}
