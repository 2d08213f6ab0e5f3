package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
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

// pause has a link read nothing until it is resumed.
func (h *Handler) pause(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Pause(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}

func (h *Handler) resume(w http.ResponseWriter, r *request) error {
	if _, err := h.catalog.Resume(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	return redirect(w, r, linkAddress(r))
}

// inherit gives a link what is kept of the same instance under an older identity.
func (h *Handler) inherit(w http.ResponseWriter, r *request) error {
	sum, err := h.catalog.Inherit(r.Context(), r.id, strings.TrimSpace(r.PostFormValue("from")))
	if err != nil {
		return err
	}
	v, name, err := h.linkPage(r)
	if err != nil {
		return err
	}
	v.Notice = fmt.Sprintf("%s found, %s given back at once.", plural(sum.Filed, "thing was", "things were"), plural(sum.Returned, "was", "were"))
	return h.show(w, r, view{template: "link", title: name, section: "Links", data: v})
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

// Undecided is a list, as JSON, of the deletions on the page that nobody has
// judged: one value, as there can be more of them than a form may have. Empty: there are none.
func (v linkPage) Undecided() string {
	var externals []string
	for _, d := range v.Held {
		if d.Verdict == string(inventory.Undecided) {
			externals = append(externals, d.External)
		}
	}
	if externals == nil {
		return ""
	}
	return string(encode(externals))
}

func (h *Handler) held(r *request) (all []heldView, err error) {
	deletions, err := h.catalog.Deletions(r.Context(), r.id)
	for _, d := range deletions {
		v := heldView{External: d.External, Title: d.External, Why: d.Why, Since: d.Since, Verdict: string(d.Verdict), By: d.By}
		if d.API.Path != "" {
			v.Title, v.Address = docOf(d.API).Text("/title"), r.address(d.API.Path)
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

// judge says yes or no to the deletions that the form names, or to all that it showed without a verdict.
func (h *Handler) judge(w http.ResponseWriter, r *request, verdict inventory.DeletionVerdict) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	externals := r.PostForm["external"]
	all := r.PostForm.Get("all") != ""
	if all {
		externals = nil
		_ = json.Unmarshal([]byte(r.PostForm.Get("held")), &externals) // of another form: none is named
	}
	var err error
	switch {
	case len(externals) == 0:
		return inventory.Errorf(inventory.Invalid, "external", "no deletion is named; go back and choose one, or all")
	case all:
		err = h.catalog.JudgeWaiting(r.Context(), r.id, externals, verdict)
	default:
		_, err = h.catalog.Judge(r.Context(), r.id, externals, verdict)
	}
	if err != nil {
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
		Role           *inventory.Remedy // that is missing
		Give           string            // where it is given by who looks; empty: it is not his to give
	}{Link: linkAddress(r), LinkName: r.PathValue("link"), Findings: findingsOf(findings)}
	if v.Role = missingRole(findings); v.Role != nil && v.Role.PrincipalID != "" && r.may(writeLinks) {
		if p, err := h.person(r); err == nil && p.mayAssign(v.Role.Scope) {
			v.Give = v.Link + "/role"
		}
	}
	return h.show(w, r, view{template: "doctor", title: "Doctor", section: "Links", data: v})
}

// missingRole is the role that a check found missing; nil: none is.
func missingRole(findings []inventory.Finding) *inventory.Remedy {
	for _, f := range findings {
		if f.Remedy != nil {
			return f.Remedy
		}
	}
	return nil
}

// findingView is what a check found, as people look at it.
type findingView struct{ Title, Outcome, Message string }

// checks are what is looked at, as people say it.
var checks = map[string]string{
	"token": "Token", inventory.CheckDirectory: "Directory", "instance": "Instance", "workspaces": "Workspaces", "apis": "APIs",
	"versionSets": "Version sets", "definition": "Definitions", "schemas": "Schemas", "gateways": "Gateways",
}

func findingsOf(all []inventory.Finding) (out []findingView) {
	for _, f := range all {
		v := findingView{Title: checks[f.Check], Outcome: string(f.Outcome), Message: f.Message}
		if f.Remedy != nil { // of each thing that may not be read
			v.Message = "waiting for the role " + f.Remedy.Role
		}
		v.Message, _ = withoutGrant(v.Message)
		if v.Title == "" {
			v.Title = label(f.Check)
		}
		out = append(out, v)
	}
	return out
}
