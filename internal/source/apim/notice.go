package apim

import (
	"slices"
	"strings"

	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// eventTypes begin the names of all events of API Management.
const eventTypes = "Microsoft.ApiManagement."

// Events that can mean a change of what is read here: of one API, or of the
// host names that all of them have. Others tell of users, products,
// subscriptions, tokens and the life of gateways.
var (
	apiEvents = []string{
		"APICreated", "APIUpdated", "APIDeleted", "APIReleaseCreated", "APIReleaseUpdated", "APIReleaseDeleted",
		"GatewayAPIAdded", "GatewayAPIRemoved",
	}
	hostEvents = []string{
		"GatewayHostnameConfigurationCreated", "GatewayHostnameConfigurationUpdated", "GatewayHostnameConfigurationDeleted",
	}
)

// events are the full names of them all.
func events() (all []string) {
	for _, name := range slices.Concat(apiEvents, hostEvents) {
		all = append(all, eventTypes+name)
	}
	return all
}

// among says that an event is one of some, in whatever case it is written.
func among(some []string, typ string) bool {
	return slices.ContainsFunc(some, func(name string) bool { return strings.EqualFold(typ, eventTypes+name) })
}

// maxName is longer than any name of API Management.
const maxName = 256

// notice says where to look because of an event. One of an API that does not
// say which sends to everything: it costs a listing to find out.
func notice(link inventory.Link, e source.Event) (source.Scope, bool) {
	place, err := parsePlace(link.Source)
	if err != nil {
		return source.Scope{}, false
	}
	if among(hostEvents, e.Type) {
		return source.Scope{}, true
	}
	if !among(apiEvents, e.Type) {
		return source.Scope{}, false
	}
	s, name := place.named(e)
	if name == "" {
		return source.Scope{}, true
	}
	return source.Scope{API: s.identity(apiCollection, name)}, place.covers(s.workspace)
}

// named is the API that an event is about, "" if it does not say. What is behind
// the name of the service in the full id is as in the subject, while what is
// before it has been written with and without its "providers".
//
//	…/service/retail/apis/petstore;Rev=1
//	…/service/retail/workspaces/sales/apis/orders/releases/first
//	/gateways/store/apis/petstore
func (p place) named(e source.Event) (s space, api string) {
	s.place = p
	about := e.Subject
	if _, after, ok := strings.Cut(strings.ToLower(e.Resource), "/service/"); ok {
		_, about, _ = strings.Cut(after, "/")
	}
	parts := strings.Split(strings.ToLower(strings.Trim(about, "/")), "/")
	for i := 0; i+1 < len(parts); i += 2 {
		name := parts[i+1]
		if !isName(name) || len(name) > maxName {
			return s, ""
		}
		switch parts[i] {
		case "workspaces":
			s.workspace = name
		case apiCollection:
			return s, name
		}
	}
	return s, ""
}
