package apim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"apicenter/internal/azure"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

const (
	sample  = 20 // APIs that a check looks at, to find one with a definition
	exports = 3  // of them that it tries to export at most
)

// Check asks for one of each that a pass reads, in about ten requests.
func (c *connector) Check(ctx context.Context) ([]inventory.Finding, error) {
	k := &checking{connector: c, space: space{c.place, c.place.workspace}}
	type step struct {
		name string
		try  func(context.Context) (inventory.Outcome, string, error)
	}
	steps := []step{
		{"token", k.token},
		{inventory.CheckDirectory, k.directory},
		{"instance", k.instance},
		{"workspaces", k.workspaces},
		{"apis", k.apis},
		{"versionSets", k.versionSets},
		{"definition", k.definition},
		{"schemas", k.schemas},
		{"gateways", k.gateways},
	}
	if c.log {
		steps = append(steps, step{"activityLog", k.activityLog})
	}
	for _, step := range steps {
		if k.shut != "" {
			k.findings = append(k.findings, inventory.Finding{Check: step.name, Outcome: inventory.Skipped, Message: k.shut})
			continue
		}
		outcome, message, err := step.try(ctx)
		if ctx.Err() != nil {
			return k.findings, ctx.Err()
		}
		k.findings = append(k.findings, finding(step.name, outcome, message, err))
	}
	return k.findings, nil
}

// checking is one check.
type checking struct {
	*connector
	space    space // whose APIs stand for all
	who      azure.Identity
	rows     []row // some APIs
	inner    bool  // there are workspaces
	findings []inventory.Finding
	shut     string // why nothing more is tried
}

// finding is what came of a step: its error's, if it has one.
func finding(check string, outcome inventory.Outcome, message string, err error) inventory.Finding {
	f := inventory.Finding{Check: check, Outcome: outcome, Message: message}
	if e, ok := errors.AsType[*source.Error](err); ok {
		if f.Outcome, f.Message, f.Remedy = inventory.NotProven, e.Message, e.Remedy; e.Stalled {
			f.Outcome = inventory.Refused
		}
		if e.Err != nil && e.Remedy == nil {
			f.Message = fmt.Sprintf("%s: %v", e.Message, e.Err)
		}
	} else if err != nil {
		f.Outcome, f.Message = inventory.NotProven, err.Error()
	}
	return f
}

// passed is the outcome of a step that went well.
func passed(format string, args ...any) (inventory.Outcome, string, error) {
	return inventory.Passed, fmt.Sprintf(format, args...), nil
}

func skipped(why string) (inventory.Outcome, string, error) { return inventory.Skipped, why, nil }

// failed is the outcome of a step whose error says it all.
func (k *checking) failed(what string, err error) (inventory.Outcome, string, error) {
	return "", "", k.fault(what, err)
}

func (k *checking) token(ctx context.Context) (_ inventory.Outcome, _ string, err error) {
	if k.who, err = k.azure.Authenticate(ctx); err != nil {
		k.shut = "nothing can be asked without a token"
		return k.failed("a token", err)
	}
	if k.who.PrincipalID == "" {
		return passed("the identity of the link gets tokens, which do not say whom they are for")
	}
	return passed("object id %s in directory %s", k.who.PrincipalID, k.who.TenantID)
}

func (k *checking) directory(ctx context.Context) (inventory.Outcome, string, error) {
	tenant, err := k.azure.Directory(ctx, k.place.subscription)
	if err != nil {
		return k.failed("the subscription", err)
	}
	if tenant == "" || k.who.TenantID == "" {
		return skipped("the directories of the source and of the identity cannot be learnt and compared")
	}
	if why := abroad(tenant, k.who.TenantID); why != "" {
		k.shut = "a source of another directory is not read"
		return inventory.Refused, why, nil
	}
	return passed("the source is in directory %s as well", tenant)
}

func (k *checking) instance(ctx context.Context) (inventory.Outcome, string, error) {
	if _, err := k.readFacts(ctx); err != nil {
		return "", "", err
	}
	return passed("%s answers", k.place.service)
}

func (k *checking) workspaces(ctx context.Context) (inventory.Outcome, string, error) {
	if k.inner = k.place.workspace != ""; k.inner {
		return skipped("the link reads one workspace only")
	}
	spaces, err := k.spaces(ctx)
	if err != nil {
		return "", "", err
	}
	k.inner = len(spaces) > 1
	return passed("%d found", len(spaces)-1)
}

func (k *checking) apis(ctx context.Context) (inventory.Outcome, string, error) {
	page, err := azure.ReadPage[row](ctx, k.azure, k.listURL(k.space, "$top", fmt.Sprint(sample)))
	if err != nil {
		return "", "", k.listFault(k.space, err)
	}
	k.rows = page.Value
	for i := range k.rows {
		k.rows[i].space, k.rows[i].asked = k.space, page.Asked
	}
	if page.Count != nil {
		return passed("%d found", *page.Count)
	}
	return passed("they can be listed")
}

func (k *checking) versionSets(ctx context.Context) (inventory.Outcome, string, error) {
	if _, err := azure.ReadPage[setResource](ctx, k.azure, k.url(k.space.sets(), "$top", "1")); err != nil {
		return k.failed("the version sets", err)
	}
	return passed("they can be listed")
}

// definition fetches the document of one API, from wherever it is handed out.
// That some cannot be exported is nothing against a link.
func (k *checking) definition(ctx context.Context) (inventory.Outcome, string, error) {
	if !k.imports {
		return skipped("the link brings no definitions")
	}
	var last error
	tries := 0
	for i := range k.rows {
		r := &k.rows[i]
		f := formOf(r.Properties.Type)
		if f.definition == "" || f.schema != "" || r.pending() {
			continue
		}
		content, err := k.document(r, f).Open(ctx)
		if err == nil {
			return inventory.Passed, "that of " + r.Name + " was fetched", content.Close()
		}
		if tries++; tries == exports || source.Stalled(err) || ctx.Err() != nil {
			return "", "", err
		}
		last = err
	}
	if last != nil {
		return "", "", last
	}
	return skipped("no API was seen that has one to export")
}

// schemas are where the definitions of some types of APIs are.
func (k *checking) schemas(ctx context.Context) (inventory.Outcome, string, error) {
	i := slices.IndexFunc(k.rows, func(r row) bool { return formOf(r.Properties.Type).schema != "" })
	if i < 0 || !k.imports {
		return skipped("no API was seen that needs them")
	}
	if _, err := azure.ReadPage[struct{}](ctx, k.azure, k.url(k.space.api(k.rows[i].Name)+"/schemas", "$top", "1")); err != nil {
		return k.failed("the schemas of "+k.rows[i].Name, err)
	}
	return passed("those of %s can be listed", k.rows[i].Name)
}

// gateways are asked for the addresses of workspaces, and are not in the reader role.
func (k *checking) gateways(ctx context.Context) (inventory.Outcome, string, error) {
	if !k.inner {
		return skipped("there are no workspaces")
	}
	_, err := azure.ReadPage[gateway](ctx, k.azure, k.url(k.place.gateways(), "$top", "1"))
	switch {
	case status(err) == http.StatusForbidden:
		return skipped("the role does not cover workspace gateways; APIs behind one are shown with the addresses of the instance")
	case err != nil:
		return k.failed("the workspace gateways", err)
	}
	return passed("they can be listed")
}

// activityLog is what a link follows besides: without it the link goes on all the same.
func (k *checking) activityLog(ctx context.Context) (inventory.Outcome, string, error) {
	_, err := azure.ReadPage[logEntry](ctx, k.azure, k.logURL(k.now().Add(-time.Minute)))
	if err == nil {
		return passed("it can be read")
	}
	fault := k.logFault(err)
	if e, ok := errors.AsType[*source.Error](fault); ok && e.Stalled {
		return inventory.Warned, e.Advice(), nil
	}
	return "", "", fault
}

var _ source.Checker = (*connector)(nil)
