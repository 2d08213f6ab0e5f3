package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Credentials makes the credential of each identity once, so that its tokens
// are asked for once whoever uses it. The zero value is for the public cloud.
type Credentials struct {
	Transport policy.Transporter // carries what asks for tokens; nil: azcore's own
	Cloud     cloud.Configuration

	mu sync.Mutex // guards by
	by map[string]azcore.TokenCredential
}

// For is the credential of an identity: of the user-assigned one with this
// resource id or client id, or with "" of the server itself. Nothing is sent.
func (c *Credentials) For(identity string) (azcore.TokenCredential, error) {
	key := strings.ToLower(identity)
	c.mu.Lock()
	defer c.mu.Unlock()
	if cred, ok := c.by[key]; ok {
		return cred, nil
	}
	cred, err := Credential(identity, azcore.ClientOptions{Cloud: c.Cloud, Transport: c.Transport})
	if err != nil {
		return nil, err
	}
	if c.by == nil {
		c.by = map[string]azcore.TokenCredential{}
	}
	c.by[key] = cred
	return cred, nil
}

// Credential is the credential of an identity, chosen by what the environment
// offers. It is one kind, not a chain: which identity reads a source must
// not depend on which endpoint happens to answer first, and a developer's own
// login is never used.
//
//	workload identity   AZURE_FEDERATED_TOKEN_FILE is set, and the identity is not a resource id
//	service principal   AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is set, and the identity is the server's own
//	managed identity    all else: the endpoint that the platform announces, or the machine's
func Credential(identity string, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	byResource := strings.HasPrefix(identity, "/")
	announced := os.Getenv("IDENTITY_ENDPOINT") != "" || os.Getenv("MSI_ENDPOINT") != ""
	secret := os.Getenv("AZURE_CLIENT_SECRET") != "" || os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH") != ""
	var cred azcore.TokenCredential
	var err error
	switch {
	case !announced && !byResource && os.Getenv("AZURE_FEDERATED_TOKEN_FILE") != "":
		cred, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options, ClientID: identity})
	case !announced && identity == "" && secret:
		cred, err = azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: options})
	default:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if byResource {
			o.ID = azidentity.ResourceID(identity)
		} else if identity != "" {
			o.ID = azidentity.ClientID(identity)
		}
		cred, err = azidentity.NewManagedIdentityCredential(o)
	}
	if err != nil {
		return nil, fmt.Errorf("credential of identity %q: %w", identity, err)
	}
	return cred, nil
}

// tokens is a credential whose errors are TokenErrors.
type tokens struct{ azcore.TokenCredential }

func (t tokens) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := t.TokenCredential.GetToken(ctx, o)
	if err == nil || ctx.Err() != nil {
		return token, err
	}
	return token, &TokenError{Refused: refused(err), Err: err}
}

// refused sorts a credential's error. It fails for good when there is no such
// identity or the authority turns it away; an authority that
// is down or cannot be reached may be back.
func refused(err error) bool {
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok {
		_, final := errors.AsType[interface {
			error
			NonRetriable()
		}](err)
		return final
	}
	resp := failed.RawResponse
	return resp != nil && resp.StatusCode >= http.StatusBadRequest && resp.StatusCode < http.StatusInternalServerError &&
		resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout
}
