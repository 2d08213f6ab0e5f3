package apim

import (
	"encoding/json"
	"time"
)

// Entity is a small resource: a name, a version and the properties P.
// It is replaced as a whole, never changed.
type Entity[P any] struct {
	Name             string
	ETag             string
	Created, Updated time.Time
	Properties       P
}

// Set writes an entity into a table and says whether it is new.
func Set[P any](c *Cloud, t *Table[*Entity[P]], name string, p P) (e *Entity[P], created bool) {
	etag, at := c.stamp()
	e = &Entity[P]{Name: name, ETag: etag, Created: at, Updated: at, Properties: p}
	if old := t.Get(name); old != nil {
		e.Name, e.Created = old.Name, old.Created
		t.Put(name, e)
		return e, false
	}
	t.Put(name, e)
	return e, true
}

// Operation is the contract of an operation. The parts that the emulator does
// not look into stay as they came.
type Operation struct {
	DisplayName        string          `json:"displayName"`
	Method             string          `json:"method"`
	URLTemplate        string          `json:"urlTemplate"`
	TemplateParameters json.RawMessage `json:"templateParameters,omitempty"`
	Description        *string         `json:"description,omitempty"`
	Request            json.RawMessage `json:"request,omitempty"`
	Responses          json.RawMessage `json:"responses,omitempty"`
	Policies           json.RawMessage `json:"policies"`
}

// Check says what an operation lacks.
func (op Operation) Check() error {
	if op.DisplayName == "" || op.Method == "" || op.URLTemplate == "" {
		return Invalid("displayName, method and urlTemplate are required.")
	}
	return nil
}

// Schema is the contract of an API's schema.
type Schema struct {
	ContentType       string         `json:"contentType"`
	Document          SchemaDocument `json:"document"`
	ProvisioningState string         `json:"provisioningState,omitempty"`
}

// SchemaDocument has a text or, for OpenAPI and Swagger, an object.
type SchemaDocument struct {
	Value       string          `json:"value,omitempty"`
	Definitions json.RawMessage `json:"definitions,omitempty"`
	Components  json.RawMessage `json:"components,omitempty"`
}

// Content types of the schemas that are a whole definition.
const (
	GraphQLSchema = "application/vnd.ms-azure-apim.graphql.schema"
	ODataSchema   = "application/vnd.ms-azure-apim.odata.schema"
	ProtoSchema   = "text/protobuf"
)

// Release makes a revision current; APIID names the revision.
type Release struct {
	APIID   string     `json:"apiId"`
	Created *time.Time `json:"createdDateTime,omitempty"`
	Updated *time.Time `json:"updatedDateTime,omitempty"`
	Notes   *string    `json:"notes,omitempty"`
}

// VersionSet says that several APIs are versions of one.
type VersionSet struct {
	DisplayName       string  `json:"displayName"`
	Description       *string `json:"description,omitempty"`
	VersioningScheme  string  `json:"versioningScheme"`
	VersionQueryName  *string `json:"versionQueryName,omitempty"`
	VersionHeaderName *string `json:"versionHeaderName,omitempty"`
}

// Product bundles APIs for subscribers.
type Product struct {
	DisplayName          string  `json:"displayName"`
	Description          *string `json:"description,omitempty"`
	Terms                *string `json:"terms,omitempty"`
	SubscriptionRequired *bool   `json:"subscriptionRequired,omitempty"`
	ApprovalRequired     *bool   `json:"approvalRequired,omitempty"`
	SubscriptionsLimit   *int    `json:"subscriptionsLimit,omitempty"`
	State                string  `json:"state,omitempty"`
}

// APILink says that an API is part of a product.
type APILink struct {
	APIID string `json:"apiId"`
}

// Tag is a label for APIs.
type Tag struct {
	DisplayName string `json:"displayName"`
}

// WorkspaceContract is what the instance tells of a workspace.
type WorkspaceContract struct {
	DisplayName string  `json:"displayName"`
	Description *string `json:"description,omitempty"`
}

// ToolContract is a tool of an MCP server, backed by an operation.
type ToolContract struct {
	DisplayName string  `json:"displayName"`
	Description *string `json:"description,omitempty"`
	OperationID string  `json:"operationId,omitempty"`
}
