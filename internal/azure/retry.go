package azure

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// maxTries is how often one request is sent at most.
const maxTries = 3

// noRetry keeps azcore from trying again, too.
var noRetry = policy.RetryOptions{MaxRetries: -1}

// passing are the statuses of what may have passed a moment later.
var passing = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// retry is a policy that tries a request again: as azcore's own does, but that how
// long it waits in between is left to no chance that nobody can choose.
type retry struct {
	first  time.Duration  // before the second try; the next wait is three times as long
	most   time.Duration  // a source that asks for more patience is not tried again
	random func() float64 // from 0 to 1
}

func (p retry) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	for try := 1; ; try++ {
		resp, err := req.Clone(ctx).Next()
		if ctx.Err() != nil || try == maxTries || !worthIt(resp, err) {
			return resp, err
		}
		wait := time.Duration(float64(p.first<<try-p.first) * (0.8 + 0.5*p.random()))
		if err == nil {
			if asked := retryAfter(resp.Header); asked > p.most {
				return resp, nil
			} else if asked > 0 {
				wait = asked
			}
			_ = resp.Body.Close() // azcore has read it
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// worthIt says that a try ended in a way that the next one may not.
func worthIt(resp *http.Response, err error) bool {
	if err == nil {
		return slices.Contains(passing, resp.StatusCode)
	}
	_, final := errors.AsType[interface {
		error
		NonRetriable()
	}](err)
	return !final
}
