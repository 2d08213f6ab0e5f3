package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/document"
)

// origin is the emulated instance with what is to be remembered of its past.
type origin struct {
	cloud   *apim.Cloud
	service *apim.Service
	named   string
	count   int // of writes, for texts that differ

	spans map[string][]span              // when each API was there, by external identity
	said  map[string]map[string][]saying // what was so of each API and of each version set, by what it is of
}

// saying is what was so from an instant on.
type saying struct {
	from time.Time
	text string
}

// span is a time in which an API was there; an open end is zero.
type span struct{ from, to time.Time }

func newOrigin(cloud *apim.Cloud, named string) (*origin, error) {
	o := &origin{cloud: cloud, named: named, spans: map[string][]span{}, said: map[string]map[string][]saying{}}
	return o, o.update(func() (err error) {
		group := cloud.Subscriptions.All()[0].Groups.All()[0]
		o.service, _, err = cloud.PutService(group, named, contract(""))
		return err
	})
}

// contract is that of an instance, with a host name of its own or without.
func contract(host string) apim.ServiceContract {
	c := apim.ServiceContract{Location: "West Europe", SKU: apim.SKU{Name: "Premium", Capacity: 1}}
	if host != "" {
		c.Properties.Hostnames = []apim.Hostname{{Type: "Proxy", HostName: host, DefaultSSLBinding: true}}
	}
	return c
}

// update changes the instance and notes which APIs there are then. What the
// rules of the instance refuse does not happen.
func (o *origin) update(f func() error) (refused error) {
	refused = o.cloud.Update(f)
	o.remember()
	now, there := time.Now(), map[string]bool{}
	for external := range o.apis() {
		there[external] = true
		if s := o.spans[external]; len(s) == 0 || !s[len(s)-1].to.IsZero() {
			o.spans[external] = append(s, span{from: now})
		}
	}
	for external, s := range o.spans {
		if last := &s[len(s)-1]; last.to.IsZero() && !there[external] {
			last.to = now
		}
	}
	return refused
}

// ever says that an API was there at some time since an instant.
func (o *origin) ever(external string, since time.Time) bool {
	return slices.ContainsFunc(o.spans[external], func(s span) bool { return s.to.IsZero() || !s.to.Before(since) })
}

// always says that an API was there all the time since an instant.
func (o *origin) always(external string, since time.Time) bool {
	return slices.ContainsFunc(o.spans[external], func(s span) bool { return s.to.IsZero() && s.from.Before(since) })
}

// apis are the APIs of the instance and of its workspaces, by external identity.
func (o *origin) apis() map[string]*apim.Revision {
	out := map[string]*apim.Revision{}
	for _, a := range o.service.APIs.All() {
		out["apis/"+strings.ToLower(a.Name)] = a.Current
	}
	for _, w := range o.service.Workspaces.All() {
		for _, a := range w.APIs.All() {
			out["workspaces/"+strings.ToLower(w.Name)+"/apis/"+strings.ToLower(a.Name)] = a.Current
		}
	}
	return out
}

var (
	names = []string{"orders", "prices", "Stock", "routes", "shifts", "tickets"}
	sets  = []string{"one", "two"}
)

// mutate changes the source in one way, and says how and which API it was about.
func (o *origin) mutate(d *dice) (what, external string) {
	space, prefix := &o.service.Space, ""
	if w := o.service.Workspaces.Get("team"); w != nil && d.chance(0.25) {
		space, prefix = &w.Space, "workspaces/team/"
	}
	name := pick(d, names)
	external = prefix + "apis/" + strings.ToLower(name)
	kind := d.below(20)
	var f func() error
	switch {
	case kind < 6:
		what, f = "create or rename "+external, func() error { return o.put(d, space, name, true) }
	case kind < 9:
		what, f = "edit the document of "+external, func() error { return o.document(space, name) }
	case kind < 12:
		what, f = "delete "+external, func() error { return remove(space, name) }
	case kind < 14:
		what, f = "make a revision of "+external+" current", func() error { return o.revise(d, space, name) }
	case kind == 14:
		set := pick(d, sets)
		what, external = "rename version set "+set, ""
		f = func() error {
			if space.VersionSets.Get(set) == nil {
				return nil
			}
			return o.set(d, space, set)
		}
	case kind == 15:
		what, external, f = "add or remove the workspace", "", o.workspace
	case kind == 16:
		host := pick(d, []string{"", "api.example.org", "gateway.example.org"})
		what, external = "move the gateway to "+host, ""
		f = func() error {
			_, _, err := o.cloud.PutService(o.service.Group, o.named, contract(host))
			return err
		}
	case kind == 17:
		what, external = "import many", ""
		f = func() error {
			for i := range 12 {
				if err := o.put(d, &o.service.Space, fmt.Sprintf("mass-%02d", i), false); err != nil {
					return err
				}
			}
			return nil
		}
	case kind == 18:
		what, external = "delete many", ""
		f = func() error {
			for _, a := range slices.Clone(o.service.APIs.All()) {
				if strings.HasPrefix(a.Name, "mass-") {
					if err := o.service.DeleteAPI(a.Name, true); err != nil {
						return err
					}
				}
			}
			return nil
		}
	default:
		what = "delete and create " + external
		f = func() error {
			if err := remove(space, name); err != nil {
				return err
			}
			return o.put(d, space, name, true)
		}
	}
	if err := o.update(f); err != nil {
		what += fmt.Sprintf(" (refused: %v)", err)
	}
	return what, external
}

func remove(space *apim.Space, name string) error {
	if space.APIs.Get(name) == nil {
		return nil
	}
	return space.DeleteAPI(name, true)
}

// put makes an API, or changes title, path, description and version set of one.
func (o *origin) put(d *dice, space *apim.Space, name string, grouped bool) error {
	o.count++
	ch := apim.Change{Properties: apim.Properties{
		DisplayName: fmt.Sprintf("%s %d", name, o.count), Path: fmt.Sprintf("%s/%d", name, d.below(3)),
		Description: new(fmt.Sprintf("Words %d", o.count)),
	}, Document: o.text()}
	if grouped && d.chance(0.5) {
		set := pick(d, sets)
		if space.VersionSets.Get(set) == nil {
			if err := o.set(d, space, set); err != nil {
				return err
			}
		}
		ch.APIVersionSetID, ch.APIVersion = space.SetID(set), "v"+name[:1]
	}
	_, _, err := space.PutAPI(name, ch)
	return err
}

func (o *origin) set(d *dice, space *apim.Space, name string) error {
	o.count++
	_, _, err := space.PutVersionSet(name, apim.VersionSet{
		DisplayName: fmt.Sprintf("Set %s %d", name, o.count), VersioningScheme: pick(d, []string{"Segment", "Header"}), VersionHeaderName: new("v"),
	})
	return err
}

func (o *origin) text() apim.Document {
	o.count++
	return apim.Text(document.OpenAPIJSON, fmt.Appendf(nil, `{"openapi":"3.0.1","info":{"title":"t","version":"%d"},"paths":{}}`, o.count))
}

// document edits what only an export shows.
func (o *origin) document(space *apim.Space, name string) error {
	api := space.APIs.Get(name)
	if api == nil {
		return nil
	}
	ch := apim.Change{Properties: api.Current.Properties, Document: o.text()}
	_, _, err := space.PutAPI(name, ch)
	return err
}

// revise makes a new revision of an API, and makes it current.
func (o *origin) revise(d *dice, space *apim.Space, name string) error {
	api := space.APIs.Get(name)
	if api == nil {
		return nil
	}
	next := 1
	for _, r := range api.Revisions {
		next = max(next, r.Number+1)
	}
	full := fmt.Sprintf("%s;rev=%d", name, next)
	if _, _, err := space.PutAPI(full, apim.Change{Properties: apim.Properties{SourceAPIID: api.Current.ID(), APIRevision: fmt.Sprint(next)}, Document: o.text()}); err != nil {
		return err
	}
	if d.chance(0.3) {
		return nil
	}
	_, _, err := space.PutRelease(api, fmt.Sprintf("r%d", next), apim.Release{APIID: "/apis/" + full})
	return err
}

func (o *origin) workspace() error {
	if o.service.Workspaces.Get("team") != nil {
		o.service.Workspaces.Delete("team")
		return nil
	}
	_, _, err := o.service.PutWorkspace("team", apim.WorkspaceContract{DisplayName: "Team"})
	return err
}
