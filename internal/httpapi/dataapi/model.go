package dataapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"apicenter/internal/arm"
	"apicenter/internal/inventory"
)

// timeFormat is RFC 3339 in UTC, as precise as we store.
const timeFormat = "2006-01-02T15:04:05.999999Z07:00"

// appendResource writes a resource as the data plane shows it: flat, under its name.
func appendResource(buf []byte, r inventory.Resource) ([]byte, error) {
	switch r.ID.Kind() {
	case inventory.KindDeployment:
		return appendDeployment(buf, r)
	case inventory.KindEnvironment:
		return appendEnvironment(buf, r)
	}
	// The stored properties are the object that is wanted, but for the name.
	buf = arm.AppendString(append(buf, `{"name":`...), r.Name())
	if members := r.Doc[1 : len(r.Doc)-1]; len(members) > 0 {
		buf = append(append(buf, ','), members...)
	}
	if r.ID.Kind() == inventory.KindAPI {
		buf = append(buf, `,"lastUpdated":"`...)
		buf = append(r.Updated.At.AppendFormat(buf, timeFormat), '"')
	}
	return append(buf, '}'), nil
}

// properties are those of which the data plane makes more than a copy.
type properties struct {
	Title            json.RawMessage `json:"title"`
	Description      json.RawMessage `json:"description"`
	Kind             json.RawMessage `json:"kind"`
	EnvironmentID    string          `json:"environmentId"`
	IsDefault        bool            `json:"isDefault"`
	CustomProperties json.RawMessage `json:"customProperties"`
	Gone             json.RawMessage `json:"gone"`
	Server           struct {
		Type                json.RawMessage `json:"type"`
		RuntimeURI          json.RawMessage `json:"runtimeUri"`
		ManagementPortalURI json.RawMessage `json:"managementPortalUri"`
	} `json:"server"`
	Onboarding struct {
		Instructions       json.RawMessage `json:"instructions"`
		DeveloperPortalURI json.RawMessage `json:"developerPortalUri"`
	} `json:"onboarding"`
}

// deployment is one on the wire. Azure publishes environment and runtimeUris;
// its portal reads environmentId, which it puts into a path, and runtimeUri.
type deployment struct {
	Name             string          `json:"name"`
	Title            json.RawMessage `json:"title"`
	Description      json.RawMessage `json:"description,omitempty"`
	Environment      string          `json:"environment"`
	EnvironmentID    string          `json:"environmentId"`
	Recommended      bool            `json:"recommended"`
	Server           deploymentHost  `json:"server"`
	CustomProperties json.RawMessage `json:"customProperties"`
	Gone             json.RawMessage `json:"gone,omitempty"` // ours: its source has it no more
}

type deploymentHost struct {
	RuntimeURI  json.RawMessage `json:"runtimeUri"`
	RuntimeURIs json.RawMessage `json:"runtimeUris"`
}

func appendDeployment(buf []byte, r inventory.Resource) ([]byte, error) {
	p, err := propertiesOf(r)
	if err != nil {
		return buf, err
	}
	environment := p.EnvironmentID[strings.LastIndexByte(p.EnvironmentID, '/')+1:]
	addresses := orElse(p.Server.RuntimeURI, "[]")
	return appendJSON(buf, deployment{
		Name: r.Name(), Title: orElse(p.Title, string(arm.AppendString(nil, r.Name()))), Description: p.Description,
		Environment: environment, EnvironmentID: environment, Recommended: p.IsDefault,
		Server:           deploymentHost{addresses, addresses},
		CustomProperties: orElse(p.CustomProperties, "{}"), Gone: p.Gone,
	})
}

// environment is one on the wire. Azure publishes the plurals; its portal reads the singulars.
type environment struct {
	Name             string                `json:"name"`
	Title            json.RawMessage       `json:"title"`
	Kind             json.RawMessage       `json:"kind"`
	Description      json.RawMessage       `json:"description,omitempty"`
	Server           environmentHost       `json:"server"`
	Onboarding       environmentOnboarding `json:"onboarding"`
	CustomProperties json.RawMessage       `json:"customProperties"`
}

type environmentHost struct {
	Type                 json.RawMessage `json:"type"`
	ManagementPortalURI  json.RawMessage `json:"managementPortalUri"`
	ManagementPortalURIs json.RawMessage `json:"managementPortalUris"`
}

type environmentOnboarding struct {
	Instructions        json.RawMessage `json:"instructions"`
	DeveloperPortalURI  json.RawMessage `json:"developerPortalUri"`
	DeveloperPortalURIs json.RawMessage `json:"developerPortalUris"`
}

func appendEnvironment(buf []byte, r inventory.Resource) ([]byte, error) {
	p, err := propertiesOf(r)
	if err != nil {
		return buf, err
	}
	management, developer := orElse(p.Server.ManagementPortalURI, "[]"), orElse(p.Onboarding.DeveloperPortalURI, "[]")
	return appendJSON(buf, environment{
		Name: r.Name(), Title: orElse(p.Title, string(arm.AppendString(nil, r.Name()))), Kind: orElse(p.Kind, `""`), Description: p.Description,
		Server:           environmentHost{orElse(p.Server.Type, `""`), management, management},
		Onboarding:       environmentOnboarding{orElse(p.Onboarding.Instructions, `""`), developer, developer},
		CustomProperties: orElse(p.CustomProperties, "{}"),
	})
}

func propertiesOf(r inventory.Resource) (p properties, err error) {
	if err = json.Unmarshal(r.Doc, &p); err != nil {
		err = fmt.Errorf("read %s: %w", r.Path, err)
	}
	return p, err
}

// orElse is for what clients read without a look whether it is there.
func orElse(v json.RawMessage, otherwise string) json.RawMessage {
	if len(v) == 0 {
		return json.RawMessage(otherwise)
	}
	return v
}

func appendJSON(buf []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(buf, b...), err
}
