package rbac

// Role is a role definition. ID is its GUID, the same in every tenant for a built-in one. Patterns are ARM's:
// case does not count, and * stands for any characters, slashes too.
type Role struct {
	ID             string
	Name           string
	Description    string
	Actions        []string
	NotActions     []string
	DataActions    []string
	NotDataActions []string

	builtIn bool
}

// permits tells whether an action on the control plane is among the actions and not among the notActions.
func (r *Role) permits(action string) bool {
	return matchAny(r.Actions, action) && !matchAny(r.NotActions, action)
}

func matchAny(patterns []string, action string) bool {
	for _, p := range patterns {
		if match(p, action) {
			return true
		}
	}
	return false
}

// match compares an action with a pattern. It goes on byte by byte and falls back to the last star, so it
// neither allocates nor copies: it is asked several times for each request.
func match(pattern, action string) bool {
	p, a := 0, 0
	star, resume := -1, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, a
			p++
		case p < len(pattern) && lower(pattern[p]) == lower(action[a]):
			p++
			a++
		case star >= 0:
			resume++
			p, a = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// general are the actions that built-in roles of a service have besides their own.
func general(own ...string) []string {
	return append(own,
		"Microsoft.Authorization/*/read",
		"Microsoft.Insights/alertRules/*",
		"Microsoft.ResourceHealth/availabilityStatuses/read",
		"Microsoft.Resources/deployments/*",
		"Microsoft.Resources/subscriptions/resourceGroups/read",
	)
}

// builtIn are the roles of the public cloud that matter to an API center and to what it links. A role whose
// actions are not published is left out rather than guessed.
func builtIn() []Role {
	const (
		support  = "Microsoft.Support/*"
		apim     = "Microsoft.ApiManagement/service"
		center   = "Microsoft.ApiCenter/services"
		spec     = center + "/workspaces/apis/versions/definitions"
		userKeys = apim + "/users/keys/read"
	)
	return []Role{
		{
			ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner",
			Description: "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
			Actions:     []string{"*"},
		},
		{
			ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor",
			Description: "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.",
			Actions:     []string{"*"},
			NotActions: []string{
				"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
				"Microsoft.Authorization/elevateAccess/Action",
			},
		},
		{
			ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader",
			Description: "View all resources, but does not allow you to make any changes.",
			Actions:     []string{"*/read"},
		},
		{
			ID: "43d0d8ad-25c7-4714-9337-8ba259a9fe05", Name: "Monitoring Reader",
			Description: "Can read all monitoring data.",
			Actions:     []string{"*/read", "Microsoft.OperationalInsights/workspaces/search/action", support},
		},
		{
			ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator",
			Description: "Lets you manage user access to Azure resources.",
			Actions:     []string{"*/read", "Microsoft.Authorization/*", support},
		},

		{
			ID: "71522526-b88f-4d52-b57f-d31fc3546d0d", Name: "API Management Service Reader Role",
			Description: "Read-only access to service and APIs",
			Actions:     general(apim+"/*/read", apim+"/read", support),
			NotActions:  []string{userKeys},
		},
		{
			ID: "312a565d-c81f-4fd8-895a-4e21e48d571c", Name: "API Management Service Contributor",
			Description: "Can manage service and the APIs",
			Actions:     general(apim+"/*", support),
		},
		{
			ID: "e022efe7-f5ba-4159-bbe4-b44f577e9b61", Name: "API Management Service Operator Role",
			Description: "Can manage service but not the APIs",
			Actions: general(apim+"/*/read", apim+"/backup/action", apim+"/delete", apim+"/managedeployments/action",
				apim+"/read", apim+"/restore/action", apim+"/updatecertificate/action", apim+"/updatehostname/action",
				apim+"/write", support),
			NotActions: []string{userKeys},
		},
		{
			ID: "ef1c2c96-4a77-49e8-b9a4-6179fe1d2fd2", Name: "API Management Workspace Reader",
			Description: "Has read-only access to entities in the workspace. This role should be assigned on the workspace scope.",
			Actions:     []string{apim + "/workspaces/*/read", "Microsoft.Authorization/*/read"},
		},
		{
			ID: "0c34c906-8d99-4cb7-8bb7-33f5b0a1a799", Name: "API Management Workspace Contributor",
			Description: "Can manage the workspace and view, but not modify its members. This role should be assigned on the workspace scope.",
			Actions:     []string{apim + "/workspaces/*", "Microsoft.Authorization/*/read"},
		},

		{
			ID: "dd24193f-ef65-44e5-8a7e-6fa6e03f7713", Name: "Azure API Center Service Contributor",
			Description: "Allows managing Azure API Center service.",
			Actions:     general(center + "/*"),
			NotActions:  []string{spec + "/updateAnalysisState/action"},
		},
		// The star of the first pattern needs a segment between, so it does not cover the service itself.
		{
			ID: "6cba8790-29c5-48e5-bab1-c7541b01cb04", Name: "Azure API Center Service Reader",
			Description: "Allows read-only access to Azure API Center service.",
			Actions:     general(center+"/*/read", center+"/read", spec+"/exportSpecification/action"),
		},
		{
			ID: "ede9aaa3-4627-494e-be13-4aa7c256148d", Name: "Azure API Center Compliance Manager",
			Description: "Allows managing API compliance in Azure API Center service.",
			Actions: []string{
				center + "/*/read", center + "/read", spec + "/updateAnalysisState/action",
				spec + "/exportSpecification/action",
			},
		},
		{
			ID: "c7244dfb-f447-457d-b2ba-3999044d1706", Name: "Azure API Center Data Reader",
			Description: "Allows for access to Azure API Center data plane read operations.",
			DataActions: []string{center + "/*/read"},
		},

		{
			ID: "428e0ff0-5e57-4d9c-a221-2c70d0e0a443", Name: "EventGrid EventSubscription Contributor",
			Description: "Lets you manage EventGrid event subscription operations.",
			Actions: general("Microsoft.EventGrid/eventSubscriptions/*", "Microsoft.EventGrid/topicTypes/eventSubscriptions/read",
				"Microsoft.EventGrid/locations/eventSubscriptions/read", "Microsoft.EventGrid/locations/topicTypes/eventSubscriptions/read", support),
		},
	}
}
