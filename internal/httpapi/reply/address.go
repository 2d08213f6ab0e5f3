package reply

import (
	"net/http"
	"strings"
)

// Base is how clients reach this server: "https://apis.example.com". That is its
// public address or, without one, as r says, which is right when no proxy changes it.
func Base(public string, r *http.Request) string {
	switch {
	case public != "":
		return strings.TrimSuffix(public, "/")
	case r.TLS != nil:
		return "https://" + r.Host
	default:
		return "http://" + r.Host
	}
}

// Hostname is the host name of a part of a service, data or portal, below a
// domain; the location of the service is its region.
func Hostname(service, part, location, domain string) string {
	region := strings.ReplaceAll(location, " ", "") // "West Europe" is westeurope
	return strings.ToLower(service + "." + part + "." + region + "." + strings.Trim(domain, "."))
}
