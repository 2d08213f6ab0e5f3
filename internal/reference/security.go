package reference

import "strings"

// Requirement is one way to be let in: all of its schemes together.
type Requirement []Need

// Need is a scheme, and what must be allowed by it.
type Need struct {
	Scheme string
	Scopes []string
}

// secure reads the schemes of the document, and what operations need by default.
func (d *Document) secure() {
	schemes := d.root.at("components", "securitySchemes")
	if d.old {
		schemes = d.root.get("securityDefinitions")
	}
	schemes.members(func(name string, n *node) {
		if len(d.Schemes) < maxServers {
			d.Schemes = append(d.Schemes, scheme(clip(name, maxName), d.resolve(n)))
		}
	})
	d.Security = requirements(d.root.get("security"))
}

func scheme(name string, n *node) Scheme {
	s := Scheme{Name: name, Description: n.textAt("description")}
	fact := func(title, value string) {
		if value != "" {
			s.Facts = append(s.Facts, Fact{title, value})
		}
	}
	switch n.textAt("type") {
	case "apiKey":
		s.Type = "API key"
		fact("In "+n.textAt("in"), n.textAt("name"))
	case "basic":
		s.Type = "HTTP basic"
	case "http":
		s.Type = "HTTP " + n.textAt("scheme")
		fact("Format", n.textAt("bearerFormat"))
	case "oauth2":
		s.Type = "OAuth 2.0"
		if flow := n.textAt("flow"); flow != "" {
			flowFacts(fact, flow, n)
		}
		n.get("flows").members(func(flow string, f *node) { flowFacts(fact, flow, f) })
	case "openIdConnect":
		s.Type = "OpenID Connect"
		fact("Discovery", n.textAt("openIdConnectUrl"))
	case "mutualTLS":
		s.Type = "Client certificate"
	default:
		s.Type = n.textAt("type")
	}
	return s
}

func flowFacts(fact func(title, value string), flow string, n *node) {
	fact("Flow", flow)
	fact("Authorization", n.textAt("authorizationUrl"))
	fact("Token", n.textAt("tokenUrl"))
	var scopes []string
	n.get("scopes").members(func(name string, _ *node) {
		if len(scopes) < 100 {
			scopes = append(scopes, clip(name, maxName))
		}
	})
	fact("Scopes", strings.Join(scopes, ", "))
}

func requirements(n *node) []Requirement {
	var all []Requirement
	for _, one := range n.list() {
		r := Requirement{}
		one.members(func(name string, scopes *node) {
			if len(r) < maxServers {
				r = append(r, Need{clip(name, maxName), scopes.words()})
			}
		})
		if all = append(all, r); len(all) == maxServers {
			break
		}
	}
	return all
}
