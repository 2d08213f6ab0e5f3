package apim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// role is one of Azure's.
type role struct{ name, id string }

var (
	// reader is what an identity needs to read an instance.
	reader = role{"API Management Service Reader Role", "71522526-b88f-4d52-b57f-d31fc3546d0d"}
	// monitor is the built-in role with the fewest rights that may read an activity log.
	monitor = role{"Monitoring Reader", "43d0d8ad-25c7-4714-9337-8ba259a9fe05"}
)

// The codes by which Azure says that something around an instance is not there.
const (
	resourceNotFound     = "ResourceNotFound"
	groupNotFound        = "ResourceGroupNotFound"
	subscriptionNotFound = "SubscriptionNotFound"
)

// fault sorts an error of reading what, by what to do about it. Only what a
// person has to mend stalls a link.
func (c *connector) fault(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := errors.AsType[*azure.AddressError](err); ok {
		return &source.Error{Stalled: true, Message: fmt.Sprintf("read %s: the source points elsewhere", what), Err: e}
	}
	if e, ok := errors.AsType[*azure.TokenError](err); ok {
		return &source.Error{Stalled: e.Refused, Message: "the identity of the link gets no token", Err: e}
	}
	e, ok := errors.AsType[*azure.Error](err)
	if !ok {
		return &source.Error{Message: "read " + what, Err: err}
	}
	out := &source.Error{Message: "read " + what, After: e.RetryAfter, Err: e}
	switch {
	case e.Status == http.StatusUnauthorized:
		out.Stalled = true
		if out.Message = abroad(e.Directory, c.azure.Identity().TenantID); out.Message == "" {
			out.Message = fmt.Sprintf("read %s: Azure does not accept the token of the link's identity; "+
				"it must belong to the directory of the instance", what)
		}
	case e.Status == http.StatusForbidden:
		out.Stalled = true
		out.Remedy = reader.remedy(c.refused(e), c.place.id)
		out.Message = "waiting for role: " + reader.missing(out.Remedy, what)
	case e.Status == http.StatusNotFound && what == theInstance, e.Code == subscriptionNotFound, e.Code == groupNotFound:
		out.Stalled = true
		out.Message = fmt.Sprintf("read %s: %s is not there", what, c.place.path)
	case e.Status == http.StatusBadRequest && isVersionCode(e.Code):
		out.Stalled = true
		out.Message = fmt.Sprintf("read %s: the instance does not take api-version %s", what, c.APIVersion)
	}
	return out
}

// documentFault sorts an error of fetching one document. Here a missing thing or
// a strange address is a matter of one API, and no reason to stop the link.
func (c *connector) documentFault(what string, err error) error {
	sorted := c.fault(what, err)
	e, ok := errors.AsType[*source.Error](sorted)
	if !ok {
		return sorted
	}
	if a, ok := errors.AsType[*azure.Error](err); ok && (a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden) {
		return e
	}
	if t, ok := errors.AsType[*azure.TokenError](err); ok {
		return &source.Error{Stalled: t.Refused, Message: e.Message, Err: t}
	}
	return &source.Error{After: e.After, Message: "fetch the document of " + what, Err: err}
}

// isVersionCode says that Azure refused the api-version.
func isVersionCode(code string) bool {
	return strings.Contains(strings.ToLower(code), "apiversion") || code == "NoRegisteredProviderFound"
}

// abroad says that a source and the identity that reads it are in different
// directories; "" when they are not, or when one is not known.
func abroad(source, identity string) string {
	if source == "" || identity == "" || strings.EqualFold(source, identity) {
		return ""
	}
	return fmt.Sprintf("the source is in directory %s, and the identity that would read it in directory %s; "+
		"only sources of the center's own directory can be linked", source, identity)
}

// principal is who was refused, as far as the text of the refusal tells: the
// words of such texts are no contract.
func principal(message string) string {
	_, rest, ok := strings.Cut(message, "object id '")
	id, _, closed := strings.Cut(rest, "'")
	if !ok || !closed || len(id) > 64 {
		return ""
	}
	return id
}

// refused is who was, as far as that is known.
func (c *connector) refused(e *azure.Error) string {
	return cmp.Or(c.azure.Identity().PrincipalID, principal(e.Message))
}

// holder names a principal to people.
func holder(principal string) string {
	if principal == "" {
		return "the identity of the link"
	}
	return "the identity of the link (object id " + principal + ")"
}

// remedy is the role, for a principal who lacks it on a scope.
func (r role) remedy(principal, scope string) *inventory.Remedy {
	return &inventory.Remedy{
		Role: r.name, RoleID: r.id, PrincipalID: principal, Scope: scope,
		Command: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %s",
			quote(cmp.Or(principal, "OBJECT-ID")), r.name, quote(scope)),
	}
}

// missing says what somebody may not do without the role.
func (r role) missing(remedy *inventory.Remedy, what string) string {
	return fmt.Sprintf("%s may not read %s; it needs the role %q (%s) on %s (a new assignment takes minutes to work)",
		holder(remedy.PrincipalID), what, r.name, r.id, remedy.Scope)
}

var harmless = regexp.MustCompile(`^[\w./-]+$`)

// quote makes a word of a shell of any text: somebody will paste it, and who
// names a source need not mean well.
func quote(text string) string {
	if harmless.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// status is the HTTP status of an answer that was an error, or 0.
func status(err error) int {
	if e, ok := errors.AsType[*azure.Error](err); ok {
		return e.Status
	}
	return 0
}

// code is Azure's word in an answer that was an error, or "".
func code(err error) string {
	if e, ok := errors.AsType[*azure.Error](err); ok {
		return e.Code
	}
	return ""
}
