package portal

import (
	"cmp"
	"slices"

	"apicenter/internal/inventory"
)

// editable are the inputs of what people may set of each kind. The name of each
// is that of its field, without the slash.
var editable = map[inventory.Kind][]input{
	inventory.KindAPI: {
		{Name: "title", Label: "Title", Sort: asText, Required: true},
		{Name: "kind", Label: "Kind", Sort: asSelect, Required: true, Options: words("rest", "graphql", "grpc", "soap", "webhook", "websocket", "mcp", "a2a")},
		{Name: "summary", Label: "Summary", Sort: asText, Hint: "One line, for lists."},
		{Name: "description", Label: "Description", Sort: asArea},
		{Name: "contacts", Label: "Contacts", Sort: asRows, row: []input{
			{Name: ".name", Label: "Name", Sort: asText}, {Name: ".email", Label: "Email", Sort: asEmail}, {Name: ".url", Label: "Address", Sort: asAddress},
		}},
		{Name: "license", Label: "License", Sort: asObject, Hint: "An address or an SPDX identifier, not both.", Members: []input{
			{Name: "license.name", Label: "Name", Sort: asText}, {Name: "license.url", Label: "Address", Sort: asAddress}, {Name: "license.identifier", Label: "SPDX identifier", Sort: asText},
		}},
		{Name: "termsOfService", Label: "Terms of service", Sort: asObject, Members: []input{{Name: "termsOfService.url", Label: "Address", Sort: asAddress}}},
		{Name: "externalDocumentation", Label: "Documentation", Sort: asRows, row: []input{
			{Name: ".title", Label: "Title", Sort: asText}, {Name: ".description", Label: "Description", Sort: asText}, {Name: ".url", Label: "Address", Sort: asAddress, Required: true},
		}},
	},
	inventory.KindVersion: {
		{Name: "title", Label: "Title", Sort: asText, Required: true, Hint: "As people call it: v2, 2026-01-31."},
		{Name: "lifecycleStage", Label: "Lifecycle", Sort: asSelect, Required: true, Options: words("design", "development", "testing", "preview", "production", "deprecated", "retired")},
	},
	inventory.KindDefinition: {
		{Name: "title", Label: "Title", Sort: asText, Required: true},
		{Name: "description", Label: "Description", Sort: asArea},
	},
	inventory.KindDeployment: {
		{Name: "title", Label: "Title", Sort: asText},
		{Name: "description", Label: "Description", Sort: asArea},
		{Name: "environmentId", Label: "Environment", Sort: asSelect},
		{Name: "definitionId", Label: "Definition", Sort: asSelect},
		{Name: "server/runtimeUri", Label: "Base URLs", Sort: asLines, Hint: "One a line."},
		{Name: "state", Label: "State", Sort: asSelect, Options: words("active", "inactive")},
		{Name: "isDefault", Label: "This is the default deployment", Sort: asFlag},
	},
	inventory.KindEnvironment: {
		{Name: "title", Label: "Title", Sort: asText, Required: true},
		{Name: "kind", Label: "Kind", Sort: asSelect, Required: true, Options: words("development", "testing", "staging", "production")},
		{Name: "description", Label: "Description", Sort: asArea},
		{Name: "server/type", Label: "Server type", Sort: asSelect, Options: plainly(
			"Azure API Management", "Azure compute service", "Apigee API Management", "AWS API Gateway", "Kong API Gateway", "Kubernetes", "MuleSoft API Management")},
		{Name: "server/managementPortalUri", Label: "Management portal", Sort: asLines, Hint: "Its addresses, one a line."},
		{Name: "onboarding/developerPortalUri", Label: "Developer portal", Sort: asLines, Hint: "Its addresses, one a line."},
		{Name: "onboarding/instructions", Label: "How to get access", Sort: asArea, Hint: "What a newcomer has to do before the first call."},
	},
}

// words are options that are labelled as people call them.
func words(all ...string) []choice {
	out := make([]choice, len(all))
	for i, word := range all {
		out[i] = choice{Value: string(encode(word)), Title: label(word)}
	}
	return out
}

// plainly are options that are labelled by themselves.
func plainly(all ...string) []choice {
	out := make([]choice, len(all))
	for i, word := range all {
		out[i] = choice{Value: string(encode(word)), Title: word}
	}
	return out
}

// inputsOf are the inputs of a kind, with those of the service's schemas and with
// what can be referred to.
func (h *Handler) inputsOf(r *request, k inventory.Kind) ([]input, error) {
	all := copies(editable[k])
	if k == inventory.KindDeployment {
		if err := h.offerReferences(r, all); err != nil {
			return nil, err
		}
	}
	schemas, err := h.schemasFor(r, k)
	if err != nil {
		return nil, err
	}
	for _, s := range schemas {
		all = append(all, inputOf(s))
	}
	return all, nil
}

// copies are inputs that can be filled: those of the table are everybody's.
func copies(all []input) []input {
	out := slices.Clone(all)
	for i := range out {
		out[i].Members = slices.Clone(out[i].Members)
	}
	return out
}

// maxOffered is how many things can be chosen from.
const maxOffered = 500

// offerReferences has a deployment choose from the environments of its workspace
// and the definitions of its API.
func (h *Handler) offerReferences(r *request, all []input) error {
	for i := range all {
		q := inventory.Query{Parent: r.workspace, Kind: inventory.KindEnvironment, Limit: maxOffered}
		switch all[i].Name {
		case "environmentId":
		case "definitionId":
			q.Parent, q.Kind = r.id.Ancestor(inventory.KindAPI), inventory.KindDefinition
		default:
			continue
		}
		page, err := h.catalog.List(r.Context(), q)
		if err != nil {
			return err
		}
		all[i].Options = nil
		for _, found := range page.Items {
			title := cmp.Or(docOf(found).Text("/title"), found.Name())
			if q.Kind == inventory.KindDefinition {
				title = lastOf(found.ID.Parent().String()) + " · " + title
			}
			all[i].Options = append(all[i].Options, choice{Value: string(encode(inventory.ShortID(found.Path))), Title: title})
		}
	}
	return nil
}
