package armapi

import (
	"net/http"
	"slices"
	"strings"

	"apicenter/internal/httpapi/reply"
)

// offered is an operation as the provider announces it.
type offered struct {
	Name         string  `json:"name"`
	IsDataAction bool    `json:"isDataAction"`
	Display      display `json:"display"`
	Origin       string  `json:"origin"`
}

type display struct {
	Provider    string `json:"provider"`
	Resource    string `json:"resource"`
	Operation   string `json:"operation"`
	Description string `json:"description"`
}

// dataActions are what the data plane asks for.
var dataActions = []string{
	namespace + "/services/metadataSchemas/read",
	workspaceType + "/apis/read",
	workspaceType + "/apis/deployments/read",
	workspaceType + "/apis/versions/read",
	workspaceType + "/apis/versions/securityRequirements/read",
	workspaceType + "/apis/versions/definitions/read",
	workspaceType + "/apis/versions/definitions/exportSpecification/action",
	workspaceType + "/environments/read",
}

// operations lists what there is to be allowed, on either plane: what custom
// roles are made from.
func (h *Handler) operations(w http.ResponseWriter, _ *request) error {
	out := []offered{}
	for _, o := range operations() {
		name := o.action()
		if !slices.ContainsFunc(out, func(have offered) bool { return have.Name == name }) {
			out = append(out, announce(name))
		}
	}
	for _, name := range dataActions {
		o := announce(name)
		o.IsDataAction = true
		out = append(out, o)
	}
	return reply.Value(w, http.StatusOK, struct {
		Value []offered `json:"value"`
	}{out})
}

// announce describes an action by its name: the resource type, and what is done with it.
func announce(name string) offered {
	words := strings.Split(strings.TrimPrefix(name, namespace+"/"), "/")
	last := words[len(words)-1]
	resource := strings.Join(words[:len(words)-1], "/")
	if last == "action" {
		last, resource = words[len(words)-2], strings.Join(words[:len(words)-2], "/")
	}
	return offered{
		Name: name, Origin: "user,system",
		Display: display{Provider: namespace, Resource: resource, Operation: last, Description: last + " on " + resource},
	}
}
