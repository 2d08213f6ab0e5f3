package azure

import (
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
	// Development lets the login of the Azure CLI stand in for the server's own
	// identity where the environment offers no other.
	Development bool

	mu        sync.Mutex // guards all below
	by        map[string]azcore.TokenCredential
	described map[string]described
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
	cred, err := c.choose(identity)
	if err != nil {
		return nil, err
	}
	if c.by == nil {
		c.by = map[string]azcore.TokenCredential{}
	}
	c.by[key] = cred
	return cred, nil
}

// choose makes the credential of an identity, by what the environment offers.
// It is one kind, not a chain: which identity reads a source must not depend on
// which endpoint happens to answer first. A developer's own login is used in
// development only.
//
//	managed identity    IDENTITY_ENDPOINT or MSI_ENDPOINT is set: the platform announces one
//	workload identity   AZURE_FEDERATED_TOKEN_FILE is set, and the identity is not a resource id
//	service principal   AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is set, and the identity is the server's own
//	Azure CLI           in development, and the identity is the server's own
//	managed identity    all else: the machine's
func (c *Credentials) choose(identity string) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{Cloud: c.Cloud, Transport: c.Transport}
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
	case !announced && identity == "" && c.Development:
		cred, err = azidentity.NewAzureCLICredential(nil)
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
