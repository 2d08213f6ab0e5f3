package cli

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
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
		return a.exit()
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
type apiError struct {
	status    int
	code      string
	message   string
	target    string
	details   []string
	requestID string
	retry     string // the Retry-After header
}

func (a *apiError) Error() string {
	return fmt.Sprintf("%s (%d): %s", a.code, a.status, a.message)
}

func (a *apiError) exit() int {
	switch a.status {
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitAuth
	}
	return exitFailed
}

// hint is what to do next, where that can be known without the server's help.
func (a *apiError) hint() string {
	switch {
	case a.status == http.StatusUnauthorized:
		return "give a token: set APICENTER_TOKEN or --token, or name the server's file with --ready-file"
	case a.status == http.StatusForbidden:
		return "the token is good but its holder may not do this: ask for a role on the service"
	case a.status == http.StatusNotFound:
		return "the `list` command beside this one shows what is there; check -g, -n and the names"
	case a.status == http.StatusTooManyRequests && a.retry != "":
		return "wait " + a.retry + " s, then try again"
	case a.status >= 500 && a.requestID != "":
		return "look for request " + a.requestID + " in the log of the center"
	}
	return ""
}

// readError makes an apiError of an answer, whatever its body holds.
func readError(status int, header http.Header, body []byte) *apiError {
	type wire struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Target  string `json:"target"`
		Details []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
			Target  string `json:"target"`
		} `json:"details"`
	}
	var envelope struct {
		Error wire `json:"error"`
	}
	a := &apiError{
		status: status, requestID: header.Get("x-ms-request-id"), retry: header.Get("Retry-After"),
	}
	if err := json.Unmarshal(body, &envelope); err != nil || envelope.Error.Message == "" && envelope.Error.Code == "" {
		a.code = strings.ReplaceAll(http.StatusText(status), " ", "")
		a.message = "the answer is not an error of an API center: is the server address right?"
		return a
	}
	e := envelope.Error
	a.code, a.message, a.target = e.Code, e.Message, e.Target
	for _, d := range e.Details {
		line := d.Message
		if d.Target != "" {
			line = d.Target + ": " + line
		}
		a.details = append(a.details, line)
	}
	return a
}

// unreachable explains why there is no answer at all.
func unreachable(base *url.URL, err error) error {
	if errors.Is(err, context.Canceled) {
		return &failure{exit: exitFailed, message: "interrupted", cause: err}
	}
	hint := "is it running? `apicenter demo` starts one; name another with --server, APICENTER_SERVER or --ready-file"
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, mismatch := errors.AsType[x509.HostnameError](err)
	switch {
	case unknown:
		hint = "name the file of its certificate authority in SSL_CERT_FILE"
	case mismatch:
		hint = "use the host name of its certificate in --server or APICENTER_SERVER"
	case errors.Is(err, context.DeadlineExceeded):
		hint = "it did not answer in time; its log may say why"
	}
	return &failure{
		exit: exitFailed, message: fmt.Sprintf("no answer from the center at %s: %v", base, err),
		hint: hint, cause: err, passing: true,
	}
}

// printError writes err for a person: code, message, target, what to do.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "Error: %s\n", clean(err.Error()))
	hint := ""
	if a, ok := errors.AsType[*apiError](err); ok {
		if a.target != "" {
			fmt.Fprintf(w, "  target: %s\n", clean(a.target))
		}
		for _, d := range a.details {
			fmt.Fprintf(w, "  - %s\n", clean(d))
		}
		hint = a.hint()
	}
	if f, ok := errors.AsType[*failure](err); ok {
		hint = f.hint
	}
	if hint != "" {
		fmt.Fprintf(w, "  to do: %s\n", clean(hint))
	}
}
