package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"apicenter/client"
)

// The exit codes.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
	exitAuth     = 4
)

// ExitCode is the exit code for err; 0 for nil and 1 for an error that is not
// of this package.
func ExitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.exit
	}
	if a, ok := errors.AsType[*apiError](err); ok {
		return exitOf(a)
	}
	return exitFailed
}

// failure is an error that this side found.
type failure struct {
	exit    int
	message string
	hint    string // what to do next; may be empty
	cause   error  // may be nil
	passing bool   // the same call may succeed a moment later
}

func (f *failure) Error() string { return f.message }

func (f *failure) Unwrap() error { return f.cause }

// usage says that the command line is wrong.
func usage(cmd *cobra.Command, format string, args ...any) *failure {
	return &failure{
		exit: exitUsage, message: fmt.Sprintf(format, args...),
		hint: fmt.Sprintf("see: %s --help", cmd.CommandPath()),
	}
}

// failed says that something went wrong, and what to do.
func failed(hint, format string, args ...any) *failure {
	return &failure{exit: exitFailed, message: fmt.Sprintf(format, args...), hint: hint}
}

// apiError is an error that the center reported.
type apiError = client.Error

func exitOf(a *apiError) int {
	switch a.Status {
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitAuth
	}
	return exitFailed
}

// hintOf is what to do next, where that can be known without the center's help.
func hintOf(a *apiError) string {
	switch {
	case a.Code == "InvalidAuthenticationTokenAudience": // the resource manager behind the center wants a token of its own
		return "this goes to Azure itself: sign in for that with `apicenter login --scope https://management.azure.com/.default`"
	case a.Status == http.StatusUnauthorized:
		return "sign in with `apicenter login`; or give a token: set APICENTER_TOKEN or --token, or name the server's file with --ready-file"
	case a.Status == http.StatusForbidden:
		return "the token is good but its holder may not do this: ask for a role on the service"
	case a.Status == http.StatusNotFound:
		return "the `list` command beside this one shows what is there; check -g, -n and the names"
	case a.Status == http.StatusTooManyRequests && a.RetryAfter > 0:
		return fmt.Sprintf("wait %.0f s, then try again", a.RetryAfter.Seconds())
	case a.Status >= 500 && a.RequestID != "":
		return "look for request " + a.RequestID + " in the log of the center"
	}
	return ""
}

// explain adds to an error of the client what a person can do about it.
func explain(err error) error {
	hint := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return &failure{exit: exitFailed, message: "interrupted", cause: err}
	case errors.Is(err, client.ErrTooLarge):
		hint = "ask for less, with --top, --max-items or --filter"
	case errors.Is(err, client.ErrElsewhere):
		hint = "if that is the same center, use its address in --center or APICENTER_SERVER"
	case errors.Is(err, client.ErrExpired):
		hint = "try again"
	case errors.Is(err, client.ErrFormat):
		hint = "is the server address that of an API center?"
	default:
		if u, ok := errors.AsType[*client.UnreachableError](err); ok {
			return unreachable(u)
		}
		return err
	}
	return &failure{exit: exitFailed, message: err.Error(), hint: hint, cause: err}
}

// unreachable explains why there is no answer at all.
func unreachable(err *client.UnreachableError) error {
	hint := "is it running? `apicenter demo` starts one; name another with --center, APICENTER_SERVER or --ready-file"
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, mismatch := errors.AsType[x509.HostnameError](err)
	switch {
	case unknown:
		hint = "name the file of its certificate authority with --ca-file, APICENTER_CA_FILE or SSL_CERT_FILE"
	case mismatch:
		hint = "use the host name of its certificate in --center or APICENTER_SERVER"
	case errors.Is(err, context.DeadlineExceeded):
		hint = "it did not answer in time; its log may say why"
	}
	return &failure{
		exit: exitFailed, message: fmt.Sprintf("no answer from the center at %s: %v", err.Address, err.Err),
		hint: hint, cause: err, passing: true,
	}
}

// ended is why ctx ended.
func ended(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return explain(context.Canceled)
}

// printError writes err for a person: code, message, target, what to do.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "Error: %s\n", clean(err.Error()))
	hint := ""
	if a, ok := errors.AsType[*apiError](err); ok {
		if a.Target != "" {
			fmt.Fprintf(w, "  target: %s\n", clean(a.Target))
		}
		for _, d := range a.Details {
			line := d.Message
			if d.Target != "" {
				line = d.Target + ": " + line
			}
			fmt.Fprintf(w, "  - %s\n", clean(line))
		}
		hint = hintOf(a)
	}
	if f, ok := errors.AsType[*failure](err); ok {
		hint = f.hint
	}
	if hint != "" {
		fmt.Fprintf(w, "  to do: %s\n", clean(hint))
	}
}
