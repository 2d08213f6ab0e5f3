package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorization is the api-version of roles.
const authorization = "2022-04-01"

// RoleAssignment gives a role to somebody, at a scope and all below it.
type RoleAssignment struct {
	RoleDefinitionID string    `json:"roleDefinitionId"`
	PrincipalID      string    `json:"principalId"`
	PrincipalType    string    `json:"principalType,omitempty"` // User, Group or ServicePrincipal
	Description      string    `json:"description,omitempty"`
	Scope            string    `json:"scope,omitempty"` // read only
	CreatedOn        time.Time `json:"createdOn,omitzero"`
}

// RoleDefinition is a role: what its holder may do.
type RoleDefinition struct {
	RoleName         string       `json:"roleName"`
	Type             string       `json:"type,omitempty"` // BuiltInRole or CustomRole
	Description      string       `json:"description,omitempty"`
	AssignableScopes []string     `json:"assignableScopes,omitempty"`
	Permissions      []Permission `json:"permissions,omitempty"`
}

// Permission is a set of actions, in which * stands for any characters.
type Permission struct {
	Actions        []string `json:"actions,omitempty"`
	NotActions     []string `json:"notActions,omitempty"`
	DataActions    []string `json:"dataActions,omitempty"`
	NotDataActions []string `json:"notDataActions,omitempty"`
}

// RoleAssignments are those at a scope: the ID of any resource, or of its
// resource group or subscription. Their names are UUIDs.
func (c *Client) RoleAssignments(scope string) Collection[RoleAssignment] {
	return Collection[RoleAssignment]{c, authorizationPath(scope, "roleAssignments"), authorization}
}

// RoleDefinitions are the roles that can be assigned at a scope.
func (c *Client) RoleDefinitions(scope string) Collection[RoleDefinition] {
	return Collection[RoleDefinition]{c, authorizationPath(scope, "roleDefinitions"), authorization}
}

func authorizationPath(scope, segment string) string {
	if scope = strings.Trim(scope, "/"); scope != "" {
		scope = "/" + scope
	}
	return scope + "/providers/Microsoft.Authorization/" + segment
}

// Key is an API key. Its token is known once, when it is made.
type Key struct {
	ID        string    `json:"id,omitempty"`
	Name      string    `json:"name"`
	Prefix    string    `json:"prefix,omitempty"` // how its token begins
	Role      string    `json:"role"`             // id or name
	Scope     string    `json:"scope"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	CreatedBy string    `json:"createdBy,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // a year after it is made, if nobody says
	Token     string    `json:"token,omitempty"`    // secret
}

// Keys are the API keys of the center.
func (c *Client) Keys(ctx context.Context) iter.Seq2[Key, error] {
	return Items[Key](ctx, c, Request{Path: "/keys"})
}

// CreateKey makes a key of k's name, role, scope and end. What it gives holds
// the token, which the center does not keep.
func (c *Client) CreateKey(ctx context.Context, k Key) (Key, error) {
	var made Key
	err := c.run(ctx, Request{Method: http.MethodPost, Path: "/keys", Body: Key{
		Name: k.Name, Role: k.Role, Scope: k.Scope, ExpiresAt: k.ExpiresAt,
	}}, &made)
	return made, err
}

// DeleteKey revokes a key at once.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	return c.run(ctx, Request{Method: http.MethodDelete, Path: "/keys/" + url.PathEscape(id)}, nil)
}

// Caller is who the token speaks for, as the center sees it.
type Caller struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	TenantID    string `json:"tenantId,omitempty"`
	Assignments []struct {
		Role     string `json:"role"`
		RoleName string `json:"roleName"`
		Scope    string `json:"scope"`
	} `json:"assignments"`
}

// WhoAmI asks who the token speaks for.
func (c *Client) WhoAmI(ctx context.Context) (Caller, error) {
	var who Caller
	err := c.run(ctx, Request{Path: "/whoami"}, &who)
	return who, err
}

// SignIn is one way to get an access token that the center takes.
type SignIn struct {
	Issuer   string   `json:"issuer"` // of OpenID Connect
	ClientID string   `json:"clientId"`
	Scopes   []string `json:"scopes"`
}

// SignIns asks, without a token, how to get one.
func (c *Client) SignIns(ctx context.Context) ([]SignIn, error) {
	var answer struct {
		SignIn []SignIn `json:"signIn"`
	}
	err := c.run(ctx, Request{Path: "/.well-known/apicenter", public: true}, &answer)
	return answer.SignIn, err
}
