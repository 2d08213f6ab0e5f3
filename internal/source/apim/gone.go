package apim

import (
	"context"
	"fmt"
	"net/http"

	"apicenter/internal/azure"
	"apicenter/internal/source"
)

// Gone proves that an API is not there any more. Azure must say so in its own
// words for the API itself, and only after that show that it still answers for
// what the API was in: a 404 is also what a missing instance, a moved
// subscription and a broken gateway in between look like. It must say so once
// more then, for such an outage may have ended between the two. A refusal proves
// nothing, since what is missing and what may not be seen are refused alike.
//
// In a link to the whole instance, a workspace that is gone in the same way is
// proof for all that was in it.
func (c *connector) Gone(ctx context.Context, external string) (bool, error) {
	t, ok := c.place.parse(external)
	if !ok || !c.place.covers(t.space.workspace) {
		return false, nil
	}
	missing, err := c.missing(ctx, t.path(), external)
	if !missing || err != nil {
		return false, err
	}
	if t.space.workspace != "" {
		missing, err := c.missing(ctx, t.space.path(), "workspace "+t.space.workspace)
		if err != nil {
			return false, err
		}
		if missing && c.place.workspace != "" {
			return false, c.listFault(t.space, &azure.Error{Status: http.StatusNotFound, Code: resourceNotFound})
		}
	}
	if _, err := c.readFacts(ctx); err != nil {
		return false, err
	}
	return c.missing(ctx, t.path(), external)
}

// missing asks for a thing: false if it is there, true if Azure says that it is not.
func (c *connector) missing(ctx context.Context, path, what string) (bool, error) {
	resp, err := c.azure.Get(ctx, c.url(path))
	if err == nil {
		return false, resp.Body.Close()
	}
	if status(err) != http.StatusNotFound {
		return false, c.fault(what, err)
	}
	if e := code(err); e != resourceNotFound {
		fault := c.fault(what, err)
		if source.Stalled(fault) {
			return false, fault
		}
		return false, &source.Error{Message: fmt.Sprintf("a 404 with code %q does not say that %s is gone", e, what), Err: err}
	}
	return true, nil
}
