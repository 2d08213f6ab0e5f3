package simulation

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/inventory"
)

// facts are what there is to say of an API, by what it is of. The oracle knows the
// mapping in its own words, and shares no code with who made it.
type facts map[string]string

const (
	itsTitle     = "its title"
	itsRoot      = "its root"
	rootTitle    = "the title of its API"
	itsAddresses = "its addresses"
	itsDocument  = "its document"
	inPaths      = "whether versions are in paths"
)

// facts are those of an API of the source.
func (o *origin) facts(external string, r *apim.Revision) facts {
	p := r.Properties
	root, named, path, name := external, p.DisplayName, "/"+p.Path, "Original"
	if p.APIVersion != "" {
		name = p.APIVersion
	}
	if set := r.API.Space.SetOf(p.APIVersionSetID); set != nil {
		root = strings.TrimSuffix(external, "apis/"+strings.ToLower(r.API.Name)) + "apiversionsets/" + strings.ToLower(set.Name)
		named = set.Properties.DisplayName
		if set.Properties.VersioningScheme == "Segment" {
			path += "/" + p.APIVersion
		}
	}
	addresses := o.hosts()
	for i, host := range addresses {
		addresses[i] = "https://" + host + path
	}
	f := facts{
		itsTitle: name, itsRoot: root, rootTitle: named, "the kind of its API": "rest",
		itsAddresses: strings.Join(addresses, " "), itsDocument: text(value(raw(r))),
	}
	if root == external {
		f["its description"] = *p.Description
	}
	return f
}

// newest is the last of the versions of a version set that the link covers, in the order
// of their names; "" of what is no set.
func (s *side) newest(root string) (last string) {
	if !strings.Contains(root, "apiversionsets/") {
		return ""
	}
	order := func(external string) string {
		return strings.ToLower(s.origin.apis()[external].Properties.APIVersion) + " " + external
	}
	for external, r := range s.origin.apis() {
		in := s.spells[len(s.spells)-1].covers(external) && s.origin.facts(external, r)[itsRoot] == root
		if in && (last == "" || order(external) > order(last)) {
			last = external
		}
	}
	return last
}

// hosts are those of the gateway: the built-in one is first there, and last here.
func (o *origin) hosts() (names []string) {
	for _, h := range o.service.Contract.Properties.Hostnames {
		if h.Type == "Proxy" {
			names = append(names, h.HostName)
		}
	}
	slices.Reverse(names)
	return names
}

// remember notes what is so from now on. The hosts of the gateway, and the title of
// a version set and whether it has versions in paths, are no API's own: a pass reads
// them at another time.
func (o *origin) remember() {
	o.note("", itsAddresses, strings.Join(o.hosts(), " "))
	for external, r := range o.apis() {
		f := o.facts(external, r)
		o.note(f[itsRoot], rootTitle, f[rootTitle])
		if set := r.API.Space.SetOf(r.Properties.APIVersionSetID); set != nil {
			o.note(f[itsRoot], inPaths, fmt.Sprint(set.Properties.VersioningScheme == "Segment"))
			delete(f, rootTitle)
		}
		f[itsAddresses] = r.Properties.Path
		for what, text := range f {
			o.note(external, what, text)
		}
	}
}

func (o *origin) note(of, what, text string) {
	said := o.said[of]
	if said == nil {
		said = map[string][]saying{}
		o.said[of] = said
	}
	if n := len(said[what]); n == 0 || said[what][n-1].text != text {
		said[what] = append(said[what], saying{time.Now(), text})
	}
}

// split splits addresses into their hosts, and the path that they share.
func split(addresses string) (hosts, path string) {
	var names []string
	for a := range strings.FieldsSeq(addresses) {
		host, rest, _ := strings.Cut(strings.TrimPrefix(a, "https://"), "/")
		names, path = append(names, host), rest
	}
	return strings.Join(names, " "), path
}

// since are the sayings of something that were so at some time since an instant.
func (o *origin) since(external, what string, since time.Time) []saying {
	all := o.said[external][what]
	for len(all) > 1 && all[1].from.Before(since) {
		all = all[1:]
	}
	return all
}

// was says that something was so of an API at some time since an instant.
func (o *origin) was(external, what, text string, since time.Time) bool {
	return slices.ContainsFunc(o.since(external, what, since), func(s saying) bool { return s.text == text })
}

// only says that nothing else was so of it since an instant.
func (o *origin) only(external, what, text string, since time.Time) bool {
	all := o.since(external, what, since)
	return len(all) > 0 && !slices.ContainsFunc(all, func(s saying) bool { return s.text != text })
}

// wrong says which of the facts that are told of an API were not so at any time since an instant.
func (o *origin) wrong(external string, told facts, since time.Time) (wrong []string) {
	for _, what := range sorted(told) {
		text, ok := told[what], false
		switch what {
		case rootTitle:
			ok = o.was(told[itsRoot], what, text, since)
		case itsAddresses:
			hosts, path := split(text)
			bare, versioned := strings.CutSuffix(path, "/"+told[itsTitle])
			ok = o.was("", what, hosts, since) && (o.was(external, what, path, since) && !o.only(told[itsRoot], inPaths, "true", since) ||
				versioned && o.was(external, what, bare, since) && o.was(told[itsRoot], inPaths, "true", since))
		default:
			ok = o.was(external, what, text, since)
		}
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is %q", what, text))
		}
	}
	return wrong
}

// stock is what the inventory has of a link, by external identity. Of what the
// source has no more, it has the versions.
type stock struct {
	all                            map[inventory.ID]inventory.Record // of whoever
	versions                       map[string]inventory.Record
	apis, deployments, definitions map[string][]inventory.Record
}

func (w *world) stock(s *side, records []inventory.Record) stock {
	k := stock{
		all: map[inventory.ID]inventory.Record{}, versions: map[string]inventory.Record{}, apis: map[string][]inventory.Record{},
		deployments: map[string][]inventory.Record{}, definitions: map[string][]inventory.Record{},
	}
	lists := map[inventory.Kind]map[string][]inventory.Record{
		inventory.KindAPI: k.apis, inventory.KindDeployment: k.deployments, inventory.KindDefinition: k.definitions,
	}
	for _, rec := range records {
		k.all[rec.ID] = rec
		o, ok := stated(rec, s.link)
		if !ok {
			continue
		}
		if rec.ID.Kind() == inventory.KindVersion {
			if other, twice := k.versions[o.External]; twice {
				w.fault("%s is there twice: %s and %s", o.External, other.Path, rec.Path)
			}
			k.versions[o.External] = rec
		} else if of := lists[rec.ID.Kind()]; of != nil && o.Gone.At.IsZero() {
			of[o.External] = append(of[o.External], rec)
		}
	}
	return k
}

// told are the facts that a link states of an API that its source has. Its document
// is proven at another time than all else, and is none of them.
func (w *world) told(s *side, k stock, external string) facts {
	version := k.versions[external]
	root := k.all[version.ID.Parent()]
	api, _ := stated(root, s.link) // another one may lead
	said, _ := stated(version, s.link)
	f := facts{
		itsTitle: said.States.Text(title), itsRoot: api.External, rootTitle: api.States.Text(title),
		"the kind of its API": api.States.Text("/kind"), itsAddresses: "",
	}
	if api.External == external {
		f["its description"] = api.States.Text("/description")
	}
	for _, rec := range k.deployments[external] {
		o, _ := stated(rec, s.link)
		var uris []string
		if err := json.Unmarshal(o.States["/server/runtimeUri"], &uris); err != nil {
			w.fault("%s: addresses: %v", external, err)
		}
		f[itsAddresses] = strings.Join(uris, " ")
	}
	return f
}

// raw is the document of a revision, as an export gives it.
func raw(r *apim.Revision) string {
	doc := r.Export()
	if doc.Open == nil {
		return ""
	}
	f, err := doc.Open()
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return string(b)
}

// value is what a document says.
func value(raw string) (v any) {
	if json.Unmarshal([]byte(raw), &v) != nil {
		return nil
	}
	return v
}

func text(v any) string {
	b, _ := json.Marshal(v) // of what was read from JSON
	return string(b)
}
