package azure_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"apicenter/internal/azure"
)

func TestCredentialIsChosenByTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	workload := map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file, "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}
	principal := map[string]string{"AZURE_CLIENT_SECRET": "s", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}
	announced := map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi", "IDENTITY_HEADER": "h", "AZURE_CLIENT_SECRET": "s"}
	const resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
	for _, tt := range []struct {
		name     string
		env      map[string]string
		identity string
		want     string
	}{
		{"nothing", nil, "", "*azidentity.ManagedIdentityCredential"},
		{"announced", announced, "", "*azidentity.ManagedIdentityCredential"},
		{"announced, by resource", announced, resource, "*azidentity.ManagedIdentityCredential"},
		{"announced, by client", announced, "c1", "*azidentity.ManagedIdentityCredential"},
		{"workload", workload, "", "*azidentity.WorkloadIdentityCredential"},
		{"workload, by client", workload, "c1", "*azidentity.WorkloadIdentityCredential"},
		{"workload, by resource", workload, resource, "*azidentity.ManagedIdentityCredential"},
		{"principal", principal, "", "*azidentity.EnvironmentCredential"},
		{"principal, by resource", principal, resource, "*azidentity.ManagedIdentityCredential"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setEnvironment(t, tt.env)
			credentials := azure.Credentials{Cloud: cloud.AzurePublic}
			got, err := credentials.For(tt.identity)
			if err != nil || fmt.Sprintf("%T", got) != tt.want {
				t.Fatalf("got %T, %v; want %s", got, err, tt.want)
			}
			if again, err := credentials.For(tt.identity); again != got || err != nil {
				t.Errorf("the second time another one: %v, %v", again, err)
			}
		})
	}
}

func TestTheLoginOfADeveloperIsUsedInDevelopmentOnly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		env      map[string]string
		identity string
		want     string
	}{
		{"nothing else", nil, "", "*azidentity.AzureCLICredential"},
		{"announced", map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi", "IDENTITY_HEADER": "h"}, "", "*azidentity.ManagedIdentityCredential"},
		{"another identity", nil, "c1", "*azidentity.ManagedIdentityCredential"},
		{"principal", map[string]string{"AZURE_CLIENT_SECRET": "s", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}, "", "*azidentity.EnvironmentCredential"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setEnvironment(t, tt.env)
			credentials := azure.Credentials{Cloud: cloud.AzurePublic, Development: true}
			if got, err := credentials.For(tt.identity); err != nil || fmt.Sprintf("%T", got) != tt.want {
				t.Errorf("got %T, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// setEnvironment lets nothing but env say which identity there is.
func setEnvironment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range []string{
		"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH",
		"AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID",
	} {
		t.Setenv(name, env[name])
	}
}
