package portal

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"apicenter/internal/httpapi/reply"
	"apicenter/internal/inventory"
	"apicenter/internal/source"
)

// Sources finds what can be linked.
type Sources interface {
	// Find gives what there is to link in a place, as the identity with this
	// resource id sees it, or the center's own with "": in "" the subscriptions, in
	// one of them its instances, in an instance its workspaces. It takes some seconds at most.
	Find(ctx context.Context, identity, in string) ([]source.Place, error)
	// Events are the types of the events by which instances tell of changes.
	Events() []string
}

// newLinkView is the form of a new link.
type newLinkView struct {
	linkForm
	Here, Review, List string
	Faults             faults
	Subscriptions      []option
	Groups             []option
	Instances          []option
	Parts              []option
	Identities         []option
	Environments       []option
	Kinds, Stages      []option
	Imports, Vanish    []option
	Found              bool   // there is something to choose
	Unfound            string // why there is not
}

// option is one of a list to choose from.
type option struct {
	Value, Title string
	Chosen       bool
}

func choose(chosen string, values []string, title func(string) string) (all []option) {
	for _, v := range values {
		all = append(all, option{v, title(v), strings.EqualFold(v, chosen)})
	}
	return all
}

// newLink is the form, with what can be chosen after what was chosen.
func (h *Handler) newLink(w http.ResponseWriter, r *request) error {
	return h.showNewLink(w, r, formOf(r.URL.Query()), nil)
}

// showNewLink shows the form with its faults.
func (h *Handler) showNewLink(w http.ResponseWriter, r *request, f linkForm, wrong faults) error {
	base := workspaceAddress(r)
	v := newLinkView{linkForm: f, Here: base + "/new-link", Review: base + "/new-link/review", List: linksAddress(r), Faults: wrong}
	taken, read, err := h.takenLinks(r)
	if err != nil {
		return err
	}
	h.findInstances(r, &v, read)
	v.suggest(taken)
	if err := h.offer(r, &v); err != nil {
		return err
	}
	shown := view{template: "link-new", title: "New link", section: "Links", data: v}
	if len(wrong) > 0 {
		shown.status = http.StatusBadRequest
	}
	if byScript(r.Request) {
		shown.part = "form"
	}
	return h.show(w, r, shown)
}

// takenLinks are the names of links that are there, in lower case, and what they read.
func (h *Handler) takenLinks(r *request) (names, sources map[string]bool, err error) {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.workspace, Kind: inventory.KindLink, Limit: maxLinks})
	names, sources = map[string]bool{}, map[string]bool{}
	for _, l := range page.Items {
		names[strings.ToLower(l.Name())] = true
		sources[inventory.LinkOf(docOf(l).Doc).Instance()] = true
	}
	return names, sources, err
}

// maxLooked is how many subscriptions are looked through for one with an instance.
const maxLooked = 10

// findInstances finds what can be chosen, and chooses what nobody has: the first
// instance that is not linked yet. What cannot be found can be typed.
func (h *Handler) findInstances(r *request, v *newLinkView, linked map[string]bool) {
	if h.sources == nil {
		v.Unfound = "This server cannot look for instances; give the resource id of one."
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), 10*time.Second)
	defer stop()
	subscriptions, err := h.sources.Find(ctx, v.Identity, "")
	if len(subscriptions) == 0 {
		v.Unfound = "The center’s identity sees no subscription yet. Give the resource id of the instance; the check then says which role is missing."
		if err != nil {
			v.Unfound = "Instances cannot be listed at present. " + said(h.told(r, err)) + " Give the resource id of one."
		}
		return
	}
	look := subscriptions
	if v.Subscription != "" {
		look = []source.Place{{ID: v.Subscription}}
	}
	var instances []source.Place
	for _, s := range look[:min(len(look), maxLooked)] {
		if instances, err = h.sources.Find(ctx, v.Identity, s.ID); len(instances) > 0 || err != nil {
			v.Subscription = s.ID
			break
		}
	}
	v.Subscription = cmp.Or(v.Subscription, subscriptions[0].ID)
	for _, s := range subscriptions {
		v.Subscriptions = append(v.Subscriptions, option{s.ID, s.Title, strings.EqualFold(s.ID, v.Subscription)})
	}
	v.chooseInstance(instances, linked)
	v.Found = len(v.Instances) > 0
	switch {
	case err != nil:
		v.Unfound = "The instances of this subscription cannot be listed. " + said(h.told(r, err))
	case !v.Found:
		v.Unfound = "The center’s identity sees no API Management instance here. Choose another subscription, or give the resource id; the check then says which role is missing."
	}
	if v.Instance == "" || v.Typed != "" {
		return
	}
	parts, _ := h.sources.Find(ctx, v.Identity, v.Instance) // the whole can be linked anyway
	for _, p := range parts {
		v.Parts = append(v.Parts, option{p.ID, p.Title, strings.EqualFold(p.ID, v.Part)})
	}
	if !chosen(v.Parts) {
		v.Part = ""
	}
}

// chooseInstance lists groups and the instances of the one that is chosen.
func (v *newLinkView) chooseInstance(all []source.Place, linked map[string]bool) {
	var first string
	seen, there := map[string]bool{}, false
	for _, p := range all {
		there = there || strings.EqualFold(p.Group, v.Group)
	}
	if !there {
		v.Group = ""
	}
	for _, p := range all {
		if group := strings.ToLower(p.Group); !seen[group] {
			seen[group] = true
			v.Groups = append(v.Groups, option{p.Group, p.Group, strings.EqualFold(p.Group, v.Group)})
		}
		if v.Group != "" && !strings.EqualFold(p.Group, v.Group) {
			continue
		}
		title := p.Title
		if linked[strings.ToLower(p.ID)] {
			title += " (linked)"
		} else if first == "" {
			first = p.ID
		}
		v.Instances = append(v.Instances, option{p.ID, title, strings.EqualFold(p.ID, v.Instance)})
	}
	if chosen(v.Instances) {
		return
	}
	if first == "" && len(v.Instances) > 0 {
		first = v.Instances[0].Value
	}
	v.Instance = first
	for i := range v.Instances {
		v.Instances[i].Chosen = v.Instances[i].Value == first
	}
}

func chosen(all []option) bool {
	for _, o := range all {
		if o.Chosen {
			return true
		}
	}
	return false
}

// suggest names what nobody has named.
func (v *newLinkView) suggest(taken map[string]bool) {
	source := v.source()
	if source == "" {
		return
	}
	name := suggest(source, taken)
	if v.Name == "" || v.Name == v.SuggestedName {
		v.Name = name
	}
	title := titled(name)
	if v.Title == "" || v.Title == v.SuggestedTitle {
		v.Title = title
	}
	v.SuggestedName, v.SuggestedTitle = name, title
}

// offer lists what there is to choose in the inventory itself.
func (h *Handler) offer(r *request, v *newLinkView) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.workspace, Kind: inventory.KindEnvironment, Limit: maxLinks})
	if err != nil {
		return err
	}
	for _, e := range page.Items {
		v.Environments = append(v.Environments, option{e.Name(), docOf(e).Text("/title"), strings.EqualFold(e.Name(), v.Environment)})
	}
	for _, id := range identityOf(r.service).assigned() {
		v.Identities = append(v.Identities, option{id, sourceName(id), strings.EqualFold(id, v.Identity)})
	}
	v.Kinds = choose(v.Kind, environmentKinds, label)
	v.linkRules.offer(&v.Stages, &v.Imports, &v.Vanish)
	return nil
}

// offer lists what the rules of a link can be.
func (f linkRules) offer(stage, imported, vanish *[]option) {
	known := stages
	if f.Stage != "" && !slices.Contains(known, f.Stage) {
		known = append(slices.Clone(known), f.Stage) // any text is one
	}
	*stage = choose(f.Stage, known, label)
	*imported = choose(f.Import, []string{"always", "ondemand", "never"}, func(s string) string { return label(imports[inventory.Import(s)]) })
	*vanish = choose(f.OnVanish, []string{"delete", "keep", "hold"}, func(s string) string { return label(onVanish[inventory.OnVanish(s)]) })
}

// told is an error of asking a source as people may read it; the log has what they may not.
func (h *Handler) told(r *request, err error) string {
	if refusal := reply.Refusal(err); refusal != nil {
		return refusal.Message
	}
	if e, ok := errors.AsType[*source.Error](err); ok {
		return e.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the source did not answer in time"
	}
	h.log.WarnContext(r.Context(), "a source could not be asked", "path", r.URL.Path, "error", err)
	return "the source could not be asked; the server’s log tells why"
}
