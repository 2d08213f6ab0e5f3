package portal

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"apicenter/internal/inventory"
)

// linkPage is all of one link.
type linkPage struct {
	linkView
	List     string // address of all links
	APIsAt   string // address of the workspace's APIs
	Settings linkSettings
	Runs     []runView
	Run      *runView // that goes on
	Last     *runView // the newest of everything that has ended
	Held     []heldView
	May      linkRights
	Watch    string // address of the stream; empty: nothing goes on
	Agreed   bool   // a plan waits to be done
	Pause    *inventory.Pause
	Events   eventsView
	Notice   string // what was just done
}

// Waiting is how many deletions nobody has judged.
func (p linkPage) Waiting() (n int) {
	for _, d := range p.Held {
		if d.Verdict == "" {
			n++
		}
	}
	return n
}

// linkRights say which buttons the page has.
type linkRights struct{ Edit, Delete, Sync, Plan, Check, Runs, Judge, Inherit, Pause, Resume bool }

func rightsOf(r *request) linkRights {
	return linkRights{
		Edit: r.may(writeLinks), Delete: r.may(deleteLinks), Sync: r.may(syncLinks), Plan: r.may(planLinks), Check: r.may(checkLinks),
		Runs: r.may(readRuns), Judge: r.may(links + "/approve/action"), Inherit: r.may(links + "/inherit/action"),
		Pause: r.may(pauseLinks), Resume: r.may(resumeLinks),
	}
}

// linkSettings are the settings of a link as people read them.
type linkSettings struct {
	Identity    string
	Import      string
	Environment string
	EnvAddress  string
	Stage       string
	Target      string
	OnVanish    string
	Include     []string
	Exclude     []string
}

const shownRuns = 20

// link shows one link. With part=live it is only what changes by itself.
func (h *Handler) link(w http.ResponseWriter, r *request) error {
	v, name, err := h.linkPage(r)
	if byScript(r.Request) && inventory.CodeOf(err) == inventory.NotFound {
		goTo(w, r.Request, afterLink(r)) // it was deleted while somebody looked
		return nil
	}
	if err != nil {
		return err
	}
	shown := view{template: "link", title: name, section: "Links", data: v}
	if byScript(r.Request) {
		shown.part = "live"
	}
	return h.show(w, r, shown)
}

func (h *Handler) linkPage(r *request) (linkPage, string, error) {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return linkPage{}, "", err
	}
	link, err := h.linkOf(r, res)
	if err != nil {
		return linkPage{}, "", err
	}
	base := workspaceAddress(r)
	v := linkPage{linkView: link, List: linksAddress(r), APIsAt: base + "/apis", May: rightsOf(r)}
	status := inventory.StatusOf(res)
	v.Agreed, v.Pause = status.Agreed != nil, status.Paused
	if v.Events, err = h.eventsOf(r, res, link.SourceID); err != nil {
		return v, "", err
	}
	v.Settings = settingsOf(r, inventory.LinkOf(docOf(res).Doc))
	if v.May.Runs {
		if err := h.addRuns(r.Context(), r.id, &v); err != nil {
			return v, "", err
		}
	}
	if link.Held > 0 {
		if v.Held, err = h.held(r); err != nil {
			return v, "", err
		}
	}
	if v.Run != nil || v.Fresh && v.State == "starting" || v.Leaving {
		v.Watch = v.Address + "/watch"
	}
	return v, res.Name(), nil
}

func (h *Handler) addRuns(ctx context.Context, link inventory.ID, v *linkPage) error {
	runs, err := h.catalog.Runs(ctx, link, shownRuns)
	if err != nil {
		return err
	}
	for _, run := range runs {
		shown := runOf(v.Address, run)
		if shown.Going && v.Run == nil {
			v.Run = &shown
		}
		if !shown.Going && shown.Scope == "" && v.Last == nil {
			v.Last = &shown
		}
		v.Runs = append(v.Runs, shown)
	}
	return nil
}

// imports are the ways to bring definitions, as people say them.
var imports = map[inventory.Import]string{
	inventory.ImportAlways: "always, with each API", inventory.ImportOnDemand: "on demand, when somebody opens one", inventory.ImportNever: "never",
}

// onVanish are the rules for what is gone, as people say them.
var onVanish = map[inventory.OnVanish]string{
	inventory.OnVanishDelete: "deleted here too, once proven", inventory.OnVanishKeep: "kept, and marked as gone", inventory.OnVanishHold: "held until somebody approves",
}

func settingsOf(r *request, l inventory.Link) linkSettings {
	v := linkSettings{
		Identity: l.Identity, Import: imports[l.Import], Environment: l.Environment, Stage: l.Stage, OnVanish: onVanish[l.OnVanish],
		Include: rulesOf(l.Scope.Include), Exclude: rulesOf(l.Scope.Exclude),
	}
	if l.Environment != "" {
		v.EnvAddress = r.address(r.service.Path + l.Environment)
		v.Environment = l.Environment[len("/workspaces/")+len(r.workspace.Name())+len("/environments/"):]
	}
	if l.Target > 0 {
		v.Target = span(l.Target)
	}
	return v
}

func rulesOf(rules []inventory.ScopeRule) (texts []string) {
	for _, rule := range rules {
		texts = append(texts, rule.String())
	}
	return texts
}

// run shows one run.
func (h *Handler) run(w http.ResponseWriter, r *request) error {
	id, err := strconv.ParseInt(r.PathValue("run"), 10, 64)
	if err != nil {
		return noRun(r)
	}
	runs, err := h.catalog.Runs(r.Context(), r.id, allRuns)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if run.ID == id {
			link := r.address(r.service.Path + "/workspaces/" + r.workspace.Name() + "/links/" + r.PathValue("link"))
			v := struct {
				runView
				Link, LinkName string
			}{runOf(link, run), link, r.PathValue("link")}
			return h.show(w, r, view{template: "run", title: "Run " + decimal(id), section: "Links", data: v})
		}
	}
	return noRun(r)
}

// allRuns is more than the store keeps of a link.
const allRuns = 1000

func noRun(r *request) error {
	return inventory.Errorf(inventory.NotFound, "", "link %q has no run %q; the newest 200 are kept", r.PathValue("link"), r.PathValue("run"))
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

const (
	watchEvery = 300 * time.Millisecond
	watchMost  = 10 * time.Minute // then the browser comes again
	watchBeat  = 15 * time.Second // of silence at most: whether somebody is there shows then
	watchWrite = 10 * time.Second
)

// watch tells what becomes of a link while something goes on, as a stream: the
// part of the page that changes, each time it does.
func (h *Handler) watch(w http.ResponseWriter, r *request) error {
	s := stream{w: w}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var last []byte
	for until := time.Now().Add(watchMost); time.Now().Before(until); {
		v, name, err := h.linkPage(r)
		if inventory.CodeOf(err) == inventory.NotFound {
			return s.event("gone", []byte(afterLink(r))) // maybe before anybody could watch
		}
		if err != nil {
			return s.ended(err)
		}
		text, err := h.render(r, view{template: "link", part: "live", title: name, data: v})
		if err != nil {
			return s.ended(err)
		}
		if !bytes.Equal(text, last) {
			last, err = text, s.event("message", text)
		} else {
			err = s.beat()
		}
		if err != nil {
			return nil //nolint:nilerr // it has gone, and may come again
		}
		if v.Watch == "" {
			return s.event("done", []byte("nothing goes on"))
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-h.stopping:
			return nil
		case <-tick.C:
		}
	}
	return nil
}
