package specification

import (
	"cmp"
	"slices"
	"strings"
)

// detectMembers reads the sorts that are JSON or YAML.
func detectMembers(m object) (Document, bool) {
	switch {
	case m.text("openapi") != "":
		return openAPI(m, m.text("openapi"), servers(m)), true
	case m.text("swagger") != "":
		return openAPI(m, m.text("swagger"), swaggerServers(m)), true
	case m.text("asyncapi") != "":
		return asyncAPI(m), true
	case isServerCard(m):
		return serverCard(m), true
	case m["skills"] != nil && m["capabilities"] != nil && m.text("name") != "":
		return agentCard(m), true
	}
	return Document{}, false
}

func openAPI(m object, version string, servers []string) Document {
	d := Document{
		Format: Format{"openapi", plain(version)}, Definition: "openapi", Label: "OpenAPI", Kind: "rest", Servers: servers,
	}
	d.info(m)
	return d
}

// info reads what OpenAPI and AsyncAPI say of the API in the same words.
func (d *Document) info(m object) {
	info := m.object("info")
	d.Title, d.Summary, d.Description = info.text("title"), info.text("summary"), info.text("description")
	d.Release, d.TermsOfService = info.text("version"), info.text("termsOfService")
	if c := info.object("contact"); c != nil {
		d.addContact(Contact{Name: c.text("name"), URL: c.text("url"), Email: c.text("email")})
	}
	l := info.object("license")
	d.License = License{Name: l.text("name"), URL: l.text("url"), Identifier: l.text("identifier")}
	if d.License.Identifier != "" {
		d.License.URL = ""
	}
	for _, docs := range []object{m.object("externalDocs"), info.object("externalDocs")} {
		d.addLink("External documentation", docs.text("description"), docs.text("url"))
	}
}

func (d *Document) addContact(c Contact) {
	if c != (Contact{}) {
		d.Contacts = append(d.Contacts, c)
	}
}

func (d *Document) addLink(title, description, url string) {
	if url != "" {
		d.Documentation = append(d.Documentation, Link{Title: title, Description: description, URL: url})
	}
}

// servers are the addresses of an OpenAPI 3 document, with the default values
// of their variables.
func servers(m object) []string {
	var all []string
	for _, s := range m.objects("servers") {
		all = add(all, fill(s.text("url"), s.object("variables")))
	}
	return all
}

// maxServer is how many bytes an address may have with its variables filled in.
const maxServer = 2048

// fill puts the default values of variables into an address. What they say is
// not filled again, and an address that is too long stays as it is: a small
// document could have a huge one.
func fill(address string, variables object) string {
	var b strings.Builder
	rest := address
	for b.Len()+len(rest) <= maxServer {
		before, braced, open := strings.Cut(rest, "{")
		name, after, closed := strings.Cut(braced, "}")
		if !open || !closed {
			return b.String() + rest
		}
		b.WriteString(before)
		if variable := variables.object(name); variable != nil {
			b.WriteString(variable.text("default"))
		} else {
			b.WriteString("{" + name + "}")
		}
		rest = after
	}
	return address
}

// swaggerServers are the addresses that an OpenAPI 2 document puts together.
func swaggerServers(m object) []string {
	host, base := m.text("host"), m.text("basePath")
	if host == "" {
		if base == "" || base == "/" {
			return nil
		}
		return []string{base}
	}
	schemes, _ := m["schemes"].([]any)
	if len(schemes) == 0 {
		schemes = []any{"https"}
	}
	var all []string
	for _, s := range schemes {
		if scheme, ok := s.(string); ok {
			all = add(all, scheme+"://"+host+strings.TrimSuffix(base, "/"))
		}
	}
	return all
}

func add(all []string, address string) []string {
	if address == "" || slices.Contains(all, address) {
		return all
	}
	return append(all, address)
}

// asyncAPI reads AsyncAPI 2 and 3, whose servers are named.
func asyncAPI(m object) Document {
	d := Document{Format: Format{"asyncapi", plain(m.text("asyncapi"))}, Definition: "asyncapi", Label: "AsyncAPI", Kind: "webhook"}
	d.info(m)
	for _, s := range m.objects("servers") {
		protocol := strings.ToLower(s.text("protocol"))
		address := s.text("url")
		if host := s.text("host"); host != "" {
			address = host + s.text("pathname")
		}
		if protocol == "ws" || protocol == "wss" {
			d.Kind = "websocket"
		}
		if address != "" && !strings.Contains(address, "://") && protocol != "" {
			address = protocol + "://" + address
		}
		d.Servers = add(d.Servers, fill(address, s.object("variables")))
	}
	return d
}

// isServerCard says that m is the server.json of an MCP server.
func isServerCard(m object) bool {
	schema := m.text("$schema")
	if strings.Contains(schema, "modelcontextprotocol") && strings.Contains(schema, "server") {
		return true
	}
	return m.text("name") != "" && m.text("version") != "" && (len(m.objects("remotes")) > 0 || len(m.objects("packages")) > 0)
}

func serverCard(m object) Document {
	d := Document{
		Format: Format{Name: "mcp"}, Definition: "mcp", Label: "MCP", Kind: "mcp",
		Title: cmp.Or(m.text("title"), m.text("name")), Description: m.text("description"), Release: m.text("version"),
	}
	d.addLink("Repository", "", m.object("repository").text("url"))
	d.addLink("Web site", "", m.text("websiteUrl"))
	for _, r := range m.objects("remotes") {
		d.Servers = add(d.Servers, r.text("url"))
	}
	return d
}

// agentCard reads the card of an A2A agent.
func agentCard(m object) Document {
	d := Document{
		Format: Format{"a2a", plain(m.text("protocolVersion"))}, Definition: "a2a", Label: "A2A", Kind: "a2a",
		Title: m.text("name"), Description: m.text("description"), Release: m.text("version"),
		Servers: add(nil, m.text("url")),
	}
	provider := m.object("provider")
	d.addContact(Contact{Name: provider.text("organization"), URL: provider.text("url")})
	d.addLink("Documentation", "", m.text("documentationUrl"))
	return d
}
