package portal

import (
	"context"
	"net/http"
	"time"

	"apicenter/internal/inventory"
)

// sync asks a link to look at its source now.
func (h *Handler) sync(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Sync(r.Context(), r.id, ""); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}

// heldView is a deletion that waits.
type heldView struct {
	External string
	Title    string
	Address  string // of the API; empty: there is none any more
	Version  string
	Why      string
	Since    time.Time
	Verdict  string
	By       string
}

func (h *Handler) held(ctx context.Context, link inventory.ID) (all []heldView, err error) {
	deletions, err := h.catalog.Deletions(ctx, link)
	for _, d := range deletions {
		v := heldView{External: d.External, Title: d.External, Why: d.Why, Since: d.Since, Verdict: string(d.Verdict), By: d.By}
		if d.API.Path != "" {
			v.Title, v.Address = docOf(d.API).Text("/title"), addressOf(d.API.Path)
			v.Version = docOf(d.Version).Text("/title")
		}
		all = append(all, v)
	}
	return all, err
}

func (h *Handler) approve(w http.ResponseWriter, r *request) error {
	return h.judge(w, r, inventory.Approved)
}

func (h *Handler) reject(w http.ResponseWriter, r *request) error {
	return h.judge(w, r, inventory.Rejected)
}

// judge says yes or no to the deletions that the form names, or to all that nobody has judged.
func (h *Handler) judge(w http.ResponseWriter, r *request, verdict inventory.DeletionVerdict) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	externals := r.PostForm["external"]
	if r.PostForm.Get("all") != "" {
		externals = nil
	} else if len(externals) == 0 {
		return inventory.Errorf(inventory.Invalid, "external", "no deletion is named; go back and choose one, or all")
	}
	if _, err := h.catalog.Judge(r.Context(), r.id, externals, verdict); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}

// doctor shows what is well with a link and what is not.
func (h *Handler) doctor(w http.ResponseWriter, r *request) error {
	findings, err := h.catalog.Diagnose(r.Context(), r.id)
	if err != nil {
		return err
	}
	v := struct {
		Link, LinkName string
		Findings       []findingView
		Give           string // where a missing role is given by who looks; empty: it is not his to give
	}{Link: linkAddress(r), LinkName: r.PathValue("link"), Findings: findingsOf(findings)}
	for _, f := range findings {
		if f.Remedy != nil && f.Remedy.PrincipalID != "" && r.may(writeLinks) {
			if p, err := h.person(r); err == nil && p.mayAssign(f.Remedy.Scope) {
				v.Give = v.Link + "/role"
			}
			break
		}
	}
	return h.show(w, r, view{template: "doctor", title: "Doctor", section: "Links", data: v})
}

// findingView is what a check found, as people look at it.
type findingView struct {
	Title, Outcome, Message string
	Remedy                  *inventory.Remedy
}

// checks are what is looked at, as people say it.
var checks = map[string]string{
	"token": "Token", inventory.CheckDirectory: "Directory", "instance": "Instance", "workspaces": "Workspaces", "apis": "APIs",
	"versionSets": "Version sets", "definition": "Definitions", "schemas": "Schemas", "gateways": "Gateways",
}

func findingsOf(all []inventory.Finding) (out []findingView) {
	for _, f := range all {
		v := findingView{Title: checks[f.Check], Outcome: string(f.Outcome), Message: f.Message, Remedy: f.Remedy}
		if v.Title == "" {
			v.Title = label(f.Check)
		}
		out = append(out, v)
	}
	return out
}

// deleteView is what goes with a link, and what stays.
type deleteView struct {
	linkView
	Confirm bool // the name has to be typed
	Fault   string
	Keep    bool
	Target  string // the environment that people chose for it; empty: one of its own
}

// many is from how many APIs on a deletion asks for the name to be typed.
const many = 50

func (h *Handler) deleteLinkPage(w http.ResponseWriter, r *request) error {
	return h.showDelete(w, r, "", 0)
}

func (h *Handler) showDelete(w http.ResponseWriter, r *request, fault string, status int) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	link, err := h.linkOf(res)
	if err != nil {
		return err
	}
	v := deleteView{linkView: link, Fault: fault, Keep: r.PostFormValue("what") == "keep", Confirm: link.APIs+link.Kept >= many}
	return h.show(w, r, view{template: "link-delete", title: "Delete " + link.Name, section: "Links", status: status, data: v})
}

// deleteLink has a link go, with what came by it or without.
func (h *Handler) deleteLink(w http.ResponseWriter, r *request) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	s := inventory.StatusOf(res)
	keep := r.PostFormValue("what") == "keep"
	switch {
	case !keep && r.PostFormValue("what") != "delete":
		return h.showDelete(w, r, "Say what is to become of the APIs.", http.StatusBadRequest)
	case !keep && s.APIs+s.Kept >= many && r.PostFormValue("name") != res.Name():
		return h.showDelete(w, r, "This is not the name of the link.", http.StatusBadRequest)
	}
	end := h.catalog.Delete
	if keep {
		end = h.catalog.HandOver
	}
	if err := end(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}
