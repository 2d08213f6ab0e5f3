package client

import (
	"encoding/json"
	"time"
)

// Service is the properties of a service: an API center of its own.
type Service struct {
	ProvisioningState string `json:"provisioningState,omitempty"` // read only
	DataAPIHostname   string `json:"dataApiHostname,omitempty"`   // read only
	PortalHostname    string `json:"portalHostname,omitempty"`    // read only
	Restore           bool   `json:"restore,omitempty"`           // restores a service that was deleted
}

// Identity is as whom a service reads its sources.
type Identity struct {
	Type         string                  `json:"type"` // None, SystemAssigned, UserAssigned or both with a comma
	PrincipalID  string                  `json:"principalId,omitempty"`
	TenantID     string                  `json:"tenantId,omitempty"`
	UserAssigned map[string]UserAssigned `json:"userAssignedIdentities,omitempty"` // by ARM id
}

// UserAssigned is one identity of a service that stands on its own.
type UserAssigned struct {
	PrincipalID string `json:"principalId,omitempty"`
	ClientID    string `json:"clientId,omitempty"`
}

// SKU is the plan of a service: Free or Standard.
type SKU struct {
	Name string `json:"name"`
}

// Workspace is the properties of a workspace.
type Workspace struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	MergeRule   string `json:"mergeRule,omitempty"` // by what APIs of several links are one: title, path, name or a field; ours
}

// MetadataSchema describes one custom property.
type MetadataSchema struct {
	Schema     string       `json:"schema"` // a JSON Schema, as text
	AssignedTo []Assignment `json:"assignedTo,omitempty"`
}

// Assignment says which kind of entity has a custom property.
type Assignment struct {
	Entity     string `json:"entity"` // api, environment or deployment
	Required   bool   `json:"required"`
	Deprecated bool   `json:"deprecated"`
}

// CustomProperties are those that the metadata schemas describe, by name.
type CustomProperties map[string]json.RawMessage

// API is the properties of an API.
type API struct {
	Title                 string           `json:"title"`
	Kind                  string           `json:"kind"` // rest, graphql, grpc, soap, webhook, websocket, mcp or another word
	Summary               string           `json:"summary,omitempty"`
	Description           string           `json:"description,omitempty"`
	LifecycleStage        string           `json:"lifecycleStage,omitempty"` // read only: that of the newest version
	TermsOfService        *Terms           `json:"termsOfService,omitempty"`
	ExternalDocumentation []Documentation  `json:"externalDocumentation,omitempty"`
	Contacts              []Contact        `json:"contacts,omitempty"`
	License               *License         `json:"license,omitempty"`
	CustomProperties      CustomProperties `json:"customProperties,omitempty"`
	Gone                  *Gone            `json:"gone,omitempty"` // read only; ours
}

// Gone marks what stays though its source has it no more.
type Gone struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// Terms is where the terms of service are.
type Terms struct {
	URL string `json:"url"`
}

// Documentation is a page about an API.
type Documentation struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url"`
}

// Contact is whom to ask.
type Contact struct {
	Name  string `json:"name,omitempty"`
	URL   string `json:"url,omitempty"`
	Email string `json:"email,omitempty"`
}

// License is on what terms an API may be used; URL and Identifier exclude each other.
type License struct {
	Name       string `json:"name,omitempty"`
	URL        string `json:"url,omitempty"`
	Identifier string `json:"identifier,omitempty"`
}

// Version is the properties of a version of an API.
type Version struct {
	Title          string `json:"title"`
	LifecycleStage string `json:"lifecycleStage"` // design, development, testing, preview, production, deprecated or retired
	Gone           *Gone  `json:"gone,omitempty"` // read only; ours
}

// Definition is the properties of a definition. Its document is exported and
// imported; see [DefinitionRef].
type Definition struct {
	Title         string         `json:"title"`
	Description   string         `json:"description,omitempty"`
	Specification *Specification `json:"specification,omitempty"` // read only: as it was imported
	Gone          *Gone          `json:"gone,omitempty"`          // read only; ours
}

// Specification is the language of a document.
type Specification struct {
	Name    string `json:"name"` // openapi, wsdl, wadl, graphql, grpc, asyncapi, raml or other
	Version string `json:"version,omitempty"`
}

// Deployment is the properties of a deployment: where a definition runs.
type Deployment struct {
	Title            string           `json:"title,omitempty"`
	Description      string           `json:"description,omitempty"`
	EnvironmentID    string           `json:"environmentId,omitempty"` // /workspaces/{w}/environments/{e}
	DefinitionID     string           `json:"definitionId,omitempty"`  // /workspaces/{w}/apis/{a}/versions/{v}/definitions/{d}
	State            string           `json:"state,omitempty"`         // active or inactive
	Server           *Runtime         `json:"server,omitempty"`
	CustomProperties CustomProperties `json:"customProperties,omitempty"`
	Gone             *Gone            `json:"gone,omitempty"` // read only; ours
}

// Runtime is the addresses at which a deployment answers.
type Runtime struct {
	RuntimeURI []string `json:"runtimeUri"`
}

// Environment is the properties of an environment: what APIs are deployed to.
type Environment struct {
	Title            string             `json:"title"`
	Description      string             `json:"description,omitempty"`
	Kind             string             `json:"kind"` // development, testing, staging or production
	Server           *EnvironmentServer `json:"server,omitempty"`
	Onboarding       *Onboarding        `json:"onboarding,omitempty"`
	CustomProperties CustomProperties   `json:"customProperties,omitempty"`
}

// EnvironmentServer is what an environment runs on.
type EnvironmentServer struct {
	Type                string   `json:"type,omitempty"` // such as Azure API Management
	ManagementPortalURI []string `json:"managementPortalUri,omitempty"`
}

// Onboarding is how to begin to use an environment.
type Onboarding struct {
	Instructions       string   `json:"instructions,omitempty"`
	DeveloperPortalURI []string `json:"developerPortalUri,omitempty"`
}

// APISource is the properties of a link: a gateway that the inventory follows.
type APISource struct {
	APISourceType        string         `json:"apiSourceType,omitempty"`
	APIManagement        *APIManagement `json:"azureApiManagementSource,omitempty"`
	ImportSpecification  string         `json:"importSpecification,omitempty"` // never, ondemand or always
	TargetEnvironmentID  string         `json:"targetEnvironmentId,omitempty"`
	TargetLifecycleStage string         `json:"targetLifecycleStage,omitempty"`
	OnVanish             string         `json:"onVanish,omitempty"` // delete, keep or hold what is gone at the source; ours
	// FreshnessTargetSeconds is within how many seconds a change at the source is
	// to be here; 0: as the server has it. Ours.
	FreshnessTargetSeconds int `json:"freshnessTargetSeconds,omitempty"`

	Scope       *Scope `json:"scope,omitempty"`       // ours; nil: all
	ActivityLog bool   `json:"activityLog,omitempty"` // the activity log of the source is followed, too; ours

	LinkState       *LinkState       `json:"linkState,omitempty"`       // read only
	Synchronization *Synchronization `json:"synchronization,omitempty"` // read only; ours
}

// APIManagement names an instance, or a workspace of one, and as whom to read it.
type APIManagement struct {
	ResourceID    string `json:"resourceId"`
	MSIResourceID string `json:"msiResourceId,omitempty"` // a user-assigned identity; without it the system-assigned one
}

// Scope says which APIs of its source a link brings: those that a rule of
// Include fits, or all if there is none, but for those that a rule of Exclude fits.
type Scope struct {
	Include []ScopeRule `json:"include,omitempty"`
	Exclude []ScopeRule `json:"exclude,omitempty"`
}

// ScopeRule fits an API that has all that it gives. Each is a pattern, in which
// * stands for any text.
type ScopeRule struct {
	Name    string `json:"name,omitempty"`
	Path    string `json:"path,omitempty"`
	Tag     string `json:"tag,omitempty"`
	Product string `json:"product,omitempty"`
}

// LinkState is how a link is.
type LinkState struct {
	State         string    `json:"state"` // initializing, syncing (healthy), error or deleting
	Message       string    `json:"message,omitempty"`
	LastUpdatedOn time.Time `json:"lastUpdatedOn,omitzero"`
}

// Synchronization is how far a link is in step with its source.
type Synchronization struct {
	SyncedAt time.Time `json:"syncedAt,omitzero"`
	NextDue  time.Time `json:"nextDue,omitzero"`
	APIs     int       `json:"apis"`
	Kept     int       `json:"kept"`           // gone at the source, and kept here
	Held     []string  `json:"held,omitempty"` // deletions that wait for approval, by external identity
	Limited  bool      `json:"limited"`        // a limit keeps things out
	Problems int       `json:"problems"`       // definitions whose newest document could not be had
	Stalled  bool      `json:"stalled"`        // waits for a person, a role or a changed link

	// How old what is shown may be: too high perhaps, never too low. Nil: it was never proven.
	AgeSeconds            *int64 `json:"ageSeconds,omitempty"`
	DefinitionsAgeSeconds *int64 `json:"definitionsAgeSeconds,omitempty"` // of the definition longest not verified
	TargetSeconds         int64  `json:"targetSeconds"`
	Late                  bool   `json:"late"`
	LateReason            string `json:"lateReason,omitempty"`

	ActivityLog *LogReading `json:"activityLog,omitempty"` // of a link that has read it, or tried
}

// LogReading is how the activity log of a source is followed.
type LogReading struct {
	ReadAt  time.Time `json:"readAt,omitzero"`
	NextDue time.Time `json:"nextDue,omitzero"`
	Message string    `json:"message,omitempty"` // why it could not be read
}
