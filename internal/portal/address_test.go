package portal

import "testing"

func TestAddresses(t *testing.T) {
	for path, want := range map[string]string{
		"s/g/center":                                     "/portal/center",
		"s/g/center/workspaces/default":                  "/portal/center/default/apis",
		"s/g/center/workspaces/default/apis/a b":         "/portal/center/default/apis/a%20b",
		"s/g/center/workspaces/w/apis/a/versions/v":      "/portal/center/w/apis/a/versions/v",
		"s/g/center/workspaces/default/environments/dev": "/portal/center/default/environments/dev",
		"s/g/center/metadataSchemas/team":                "/portal/center/-/metadata/team",
		"s/g/center/webhooks/chat":                       "/portal/center/-/webhooks/chat",
		"s/g/center/portals/default":                     "/portal/center/-/settings",
		"":                                               "/portal",
	} {
		if got := (centers{}).address(path); got != want {
			t.Errorf("the address of %q is %q, want %q", path, got, want)
		}
	}
}
