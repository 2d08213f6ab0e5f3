package access

// The roles that the program itself gives or names.
const (
	// AdministratorID is a role of our own: in Azure, not even an owner has data actions.
	AdministratorID = "6a4f6f0c-1d0b-4c07-9c55-3f0a2b7f61de"
	ReaderID        = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	DataReaderID    = "c7244dfb-f447-457d-b2ba-3999044d1706"
	// EventSenderID is a role of our own, for whoever tells of events at a source.
	EventSenderID = "2b9c6f14-7e0d-4a53-8f86-d15c3e7a9b40"
)

const (
	services    = "Microsoft.ApiCenter/services"
	versions    = services + "/workspaces/apis/versions"
	definitions = versions + "/definitions"
)

// around are actions that Azure gives to the roles of a service besides its own.
func around(own ...string) []string {
	return append(own,
		"Microsoft.Authorization/*/read",
		"Microsoft.Insights/alertRules/*",
		"Microsoft.ResourceHealth/availabilityStatuses/read",
		"Microsoft.Resources/deployments/*",
		"Microsoft.Resources/subscriptions/resourceGroups/read",
	)
}

// roles are the built-in ones, from the least to the most that they allow: whoever
// is denied is told the first that would do.
var roles = []Role{
	{
		ID: EventSenderID, Name: "API Center Event Sender",
		Description: "Allows notifying links of events at their sources, and nothing else. It is a role of apicenter's own.",
		Actions:     []string{services + "/workspaces/apiSources/notify/action"},
	},
	{
		ID: DataReaderID, Name: "Azure API Center Data Reader",
		Description: "Allows for access to Azure API Center data plane read operations.",
		// Azure lists the first only, and yet its portal exports definitions with it.
		DataActions: []string{services + "/*/read", definitions + "/exportSpecification/action"},
	},
	{
		// Azure does not publish its actions; this is what its name and its scope, a
		// security requirement, say.
		ID: "1df7cd83-1d3f-41df-95b0-53b30d963369", Name: "Azure API Center Credential Access Reader",
		Description: "Allows for access to the credentials of an API.",
		Actions:     []string{versions + "/securityRequirements/getCredentials/action"},
	},
	{
		ID: "6cba8790-29c5-48e5-bab1-c7541b01cb04", Name: "Azure API Center Service Reader",
		Description: "Allows read-only access to Azure API Center service.",
		Actions:     around(services+"/*/read", definitions+"/exportSpecification/action"),
	},
	{
		ID: "ede9aaa3-4627-494e-be13-4aa7c256148d", Name: "Azure API Center Compliance Manager",
		Description: "Allows managing API compliance in Azure API Center service.",
		Actions: []string{
			services + "/*/read", definitions + "/updateAnalysisState/action", definitions + "/exportSpecification/action",
		},
	},
	{
		ID: "dd24193f-ef65-44e5-8a7e-6fa6e03f7713", Name: "Azure API Center Service Contributor",
		Description: "Allows managing Azure API Center service.",
		Actions:     around(services + "/*"),
		NotActions:  []string{definitions + "/updateAnalysisState/action"},
	},
	{
		ID: ReaderID, Name: "Reader",
		Description: "View all resources, but does not allow you to make any changes.",
		Actions:     []string{"*/read"},
	},
	{
		ID: "f58310d9-a9f6-439a-9e8d-f62e7b41a168", Name: "Role Based Access Control Administrator",
		Description: "Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.",
		Actions: []string{
			"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*",
		},
	},
	{
		ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator",
		Description: "Lets you manage user access to Azure resources.",
		Actions:     []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"},
	},
	{
		ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor",
		Description: "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
		Actions:     []string{"*"},
		NotActions: []string{
			"Microsoft.Authorization/*/Delete",
			"Microsoft.Authorization/*/Write",
			"Microsoft.Authorization/elevateAccess/Action",
			"Microsoft.Blueprint/blueprintAssignments/write",
			"Microsoft.Blueprint/blueprintAssignments/delete",
			"Microsoft.Compute/galleries/share/action",
			"Microsoft.Purview/consents/write",
			"Microsoft.Purview/consents/delete",
			"Microsoft.Resources/deploymentStacks/manageDenySetting/action",
			"Microsoft.Subscription/cancel/action",
			"Microsoft.Subscription/enable/action",
		},
	},
	{
		ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner",
		Description: "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
		Actions:     []string{"*"},
	},
	{
		ID: AdministratorID, Name: "API Center Administrator",
		Description: "Grants full access to everything, the data plane included. It is a role of apicenter's own.",
		Actions:     []string{"*"},
		DataActions: []string{"*"},
	},
}
