package portal

import (
	"net/http"
	"net/url"
	"strings"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// editLinkView is the form of a link's settings.
type editLinkView struct {
	linkRules
	Address, Name           string
	Identity                string
	Faults                  faults
	Identities              []option
	Stages, Imports, Vanish []option
	MayPlan                 bool
}

// editLink is the form of what can change of a link.
func (h *Handler) editLink(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	if form := r.URL.Query(); len(form) > 0 { // back from a plan
		return h.showEditLink(w, r, res, rulesOfForm(form), form.Get("identity"), nil)
	}
	l := inventory.LinkOf(docOf(res).Doc)
	return h.showEditLink(w, r, res, rulesFrom(l), l.Identity, nil)
}

func (h *Handler) showEditLink(w http.ResponseWriter, r *request, res inventory.Resource, f linkRules, identity string, wrong faults) error {
	v := editLinkView{linkRules: f, Address: linkAddress(r), Name: res.Name(), Identity: identity, Faults: wrong, MayPlan: r.may(planLinks) && r.may(applyLinks)}
	f.offer(&v.Stages, &v.Imports, &v.Vanish)
	for _, id := range identityOf(r.service).assigned() {
		v.Identities = append(v.Identities, option{id, sourceName(id), strings.EqualFold(id, identity)})
	}
	shown := view{template: "link-edit", title: "Settings of " + res.Name(), section: "Links", data: v}
	if len(wrong) > 0 {
		shown.status = http.StatusBadRequest
	}
	return h.show(w, r, shown)
}

// changed is a link with what a form says of it.
func (h *Handler) changed(r *request, form url.Values) (res inventory.Resource, body inventory.Doc, err error) {
	if res, err = h.catalog.Get(r.Context(), r.id); err != nil {
		return res, nil, err
	}
	body = bodyOf(res)
	if delete(body, inventory.FieldIdentity); form.Get("identity") != "" {
		body.Set(inventory.FieldIdentity, form.Get("identity"))
	}
	return res, body, rulesOfForm(form).put(body)
}

// saveLink changes the settings of a link: at once or, with the digest of a plan,
// if the source is as it was planned.
func (h *Handler) saveLink(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	res, body, err := h.changed(r, r.PostForm)
	switch digest := r.PostForm.Get("digest"); {
	case err != nil:
	case digest != "":
		_, err = h.catalog.Apply(r.Context(), res.Path, digest, body, catalog.Match{Present: true})
	default:
		_, _, err = h.catalog.Put(r.Context(), res.Path, body, catalog.Match{Present: true})
	}
	if wrong := faultsOf(err); wrong != nil && res.Path != "" {
		return h.showEditLink(w, r, res, rulesOfForm(r.PostForm), r.PostForm.Get("identity"), wrong)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}

// linkPlanView is what the next synchronisation would do.
type linkPlanView struct {
	planView
	Address, Name, Back string
	Make                string // where it is agreed to; empty: who looks may not
	Fields              []field
	Changed             bool // it is that of other settings
}

// planLink shows what the next pass of a link would do; with a form, of the link with other settings.
func (h *Handler) planLink(w http.ResponseWriter, r *request) error {
	form := r.URL.Query()
	v := linkPlanView{Address: linkAddress(r), Back: linkAddress(r), Changed: len(form) > 0}
	res, body, err := h.changed(r, form)
	if !v.Changed {
		body = nil
	} else if wrong := faultsOf(err); wrong != nil && res.Path != "" {
		return h.showEditLink(w, r, res, rulesOfForm(form), form.Get("identity"), wrong)
	}
	if res.Path == "" && err != nil {
		return err
	}
	v.Name, v.planView = res.Name(), h.planOf(r, res.Name(), body)
	switch {
	case v.Changed && r.may(writeLinks):
		v.Make, v.Back = v.Address+"/edit", v.Address+"/edit?"+form.Encode()
		v.Fields = fieldsOfForm(form)
	case !v.Changed && r.may(applyLinks):
		v.Make = v.Address + "/apply"
	}
	return h.show(w, r, view{template: "link-plan", title: "Plan of " + v.Name, section: "Links", data: v})
}

// applyPlan has the next pass of a link do a plan, or nothing.
func (h *Handler) applyPlan(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	if _, err := h.catalog.Apply(r.Context(), res.Path, r.PostFormValue("digest"), nil, noMatch); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}
