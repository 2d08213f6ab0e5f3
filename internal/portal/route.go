package portal

import (
	"net/http"
	"strings"
	"time"

	"apicenter/internal/auth"
	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// page is one row of what the portal can do.
type page struct {
	pattern string // as http.ServeMux has it; its wildcards are kinds of the inventory
	action  string // what it takes, on what the pattern names; "": being signed in
	// open: whoever may read the data plane sees it too and, as it is, everybody
	// where a service is open to all.
	open   bool
	public bool // needs nobody to be signed in
	past   bool // it shows what there was, too
	file   bool // it takes a file, and bounds what it reads itself
	do     func(*Handler, http.ResponseWriter, *request) error
}

// Actions of the pages, below the provider's name.
const (
	readService = "Microsoft.ApiCenter/services/read"
	readAPIs    = "Microsoft.ApiCenter/services/workspaces/apis/read"
)

// routes is the one table of all pages.
func routes() []page {
	const service, workspace = Root + "/{service}", Root + "/{service}/{workspace}"
	const api = workspace + "/apis/{api}"
	const version = api + "/versions/{version}"
	const definition = version + "/definitions/{definition}"
	const environment = workspace + "/environments/{environment}"
	return append(editing(), []page{
		{pattern: "GET " + Root + "/-/sign-in", public: true, do: (*Handler).signInPage},
		{pattern: "POST " + Root + "/-/sign-in", public: true, do: (*Handler).signIn},
		{pattern: "GET " + Root + "/-/sign-in/{ticket}", public: true, do: (*Handler).redeem},
		// A page that may send forms to this server alone gets to an issuer by a link.
		{pattern: "GET " + Root + "/-/sign-in/with/{issuer}", public: true, do: (*Handler).leave},
		{pattern: "GET " + callback, public: true, do: (*Handler).arrive},
		{pattern: "POST " + Root + "/-/sign-out", public: true, do: (*Handler).signOut},
		{pattern: "POST " + Root + "/-/services/restore", do: (*Handler).restoreService},
		{pattern: "POST " + Root + "/-/theme", public: true, do: (*Handler).setTheme},

		{pattern: "GET " + Root, do: (*Handler).services},
		{pattern: "GET " + service, action: readService, open: true, do: (*Handler).home},
		{pattern: "GET " + service + "/-/identities", action: readService, do: (*Handler).identities},
		{pattern: "POST " + service + "/-/identities/system", action: writeService, do: (*Handler).switchIdentity},
		{pattern: "POST " + service + "/-/identities/add", action: writeService, do: (*Handler).addIdentity},
		{pattern: "POST " + service + "/-/identities/remove", action: writeService, do: (*Handler).removeIdentity},
		{pattern: "GET " + service + feedPath, action: readService, do: (*Handler).changesAtom},
		{pattern: "GET " + service + "/-/access", action: readRoles, do: (*Handler).accessPage},
		{pattern: "POST " + service + "/-/access", action: writeRoles, do: (*Handler).assign},
		{pattern: "POST " + service + "/-/access/end", action: readRoles, do: (*Handler).unassign},
		{pattern: "GET " + service + "/-/keys", action: readRoles, do: (*Handler).keysPage},
		{pattern: "POST " + service + "/-/keys", action: writeRoles, do: (*Handler).makeKey},
		{pattern: "POST " + service + "/-/keys/revoke", action: readRoles, do: (*Handler).revokeKey},

		{pattern: "GET " + service + "/-/metadata", action: readSchemas, do: (*Handler).metadata},
		{pattern: "GET " + service + "/-/new-metadata", action: writeSchema, do: (*Handler).newSchema},
		{pattern: "POST " + service + "/-/new-metadata", action: writeSchema, do: (*Handler).makeSchema},
		{pattern: "GET " + service + "/-/metadata/{schema}", action: readSchemas, do: (*Handler).schema},
		{pattern: "POST " + service + "/-/metadata/{schema}", action: writeSchema, do: (*Handler).changeSchema},
		{pattern: "GET " + service + "/-/metadata/{schema}/delete", action: deleteSchema, do: (*Handler).deleteSchemaPage},
		{pattern: "POST " + service + "/-/metadata/{schema}/delete", action: deleteSchema, do: (*Handler).deleteSchema},
		{pattern: "GET " + service + "/-/activity", action: readActivity, do: (*Handler).activity},
		{pattern: "GET " + service + "/-/tombstones", action: readTombstones, do: (*Handler).tombstones},
		{pattern: "POST " + service + "/-/tombstones/restore", action: restoreTombstone, do: (*Handler).restoreRemoved},
		{pattern: "POST " + service + "/-/tombstones/forget", action: forgetTombstone, do: (*Handler).forgetRemoved},
		{pattern: "GET " + service + "/-/settings", action: readWorkspaces, do: (*Handler).settings},
		{pattern: "POST " + service + "/-/settings/tags", action: writeService, do: (*Handler).setTags},
		{pattern: "POST " + service + "/-/settings/workspaces/{workspace}", action: writeWorkspace, do: (*Handler).setWorkspace},
		{pattern: "POST " + service + "/-/settings/open", action: writePortal, do: (*Handler).setOpen},
		{pattern: "POST " + service + "/-/settings/delete", action: deleteService, do: (*Handler).endService},
		{pattern: "GET " + service + "/-/webhooks", action: readWebhooks, do: (*Handler).webhooks},
		{pattern: "GET " + service + "/-/new-webhook", action: writeWebhooks, do: (*Handler).newWebhook},
		{pattern: "POST " + service + "/-/new-webhook", action: writeWebhooks, do: (*Handler).makeWebhook},
		{pattern: "GET " + service + "/-/webhooks/{webhook}", action: readWebhooks, do: (*Handler).webhook},
		{pattern: "POST " + service + "/-/webhooks/{webhook}", action: writeWebhooks, do: (*Handler).changeWebhook},
		{pattern: "POST " + service + "/-/webhooks/{webhook}/secret", action: secretWebhooks, do: (*Handler).newSecret},
		{pattern: "POST " + service + "/-/webhooks/{webhook}/replay", action: replayWebhooks, do: (*Handler).replayWebhook},
		{pattern: "POST " + service + "/-/webhooks/{webhook}/delete", action: deleteWebhooks, do: (*Handler).deleteWebhook},
		{pattern: "GET " + workspace + "/apis", action: readAPIs, open: true, past: true, do: (*Handler).inventory},
		{pattern: "GET " + workspace + "/apis/-/edit", action: writeAPI, do: (*Handler).editSeveral},
		{pattern: "POST " + workspace + "/apis/-/edit", action: writeAPI, do: (*Handler).changeSeveral},
		{pattern: "GET " + workspace + "/apis.csv", action: readAPIs, open: true, do: (*Handler).exportCSV},
		{pattern: "GET " + workspace + "/apis.json", action: readAPIs, open: true, do: (*Handler).exportJSON},

		{pattern: "GET " + workspace + "/links", action: readLinks, do: (*Handler).links},
		{pattern: "GET " + workspace + "/new-link", action: writeLinks, do: (*Handler).newLink},
		{pattern: "GET " + workspace + "/new-link/review", action: writeLinks, do: (*Handler).reviewLink},
		{pattern: "GET " + workspace + "/new-link/plan", action: writeLinks, do: (*Handler).planNewLink},
		{pattern: "POST " + workspace + "/new-link", action: writeLinks, do: (*Handler).makeLink},
		{pattern: "GET " + workspace + "/links/{link}", action: readLinks, do: (*Handler).link},
		{pattern: "GET " + workspace + "/links/{link}/watch", action: readLinks, do: (*Handler).watch},
		{pattern: "GET " + workspace + "/links/{link}/runs/{run}", action: readRuns, do: (*Handler).run},
		{pattern: "GET " + workspace + "/links/{link}/doctor", action: links + "/diagnose/action", do: (*Handler).doctor},
		{pattern: "GET " + workspace + "/links/{link}/edit", action: writeLinks, do: (*Handler).editLink},
		{pattern: "POST " + workspace + "/links/{link}/edit", action: writeLinks, do: (*Handler).saveLink},
		{pattern: "GET " + workspace + "/links/{link}/plan", action: planLinks, do: (*Handler).planLink},
		{pattern: "POST " + workspace + "/links/{link}/apply", action: applyLinks, do: (*Handler).applyPlan},
		{pattern: "POST " + workspace + "/links/{link}/pause", action: pauseLinks, do: (*Handler).pause},
		{pattern: "POST " + workspace + "/links/{link}/resume", action: resumeLinks, do: (*Handler).resume},
		{pattern: "POST " + workspace + "/links/{link}/inherit", action: links + "/inherit/action", do: (*Handler).inherit},
		{pattern: "POST " + workspace + "/links/{link}/sync", action: syncLinks, do: (*Handler).sync},
		{pattern: "POST " + workspace + "/links/{link}/approve", action: links + "/approve/action", do: (*Handler).approve},
		{pattern: "POST " + workspace + "/links/{link}/reject", action: links + "/reject/action", do: (*Handler).reject},
		{pattern: "POST " + workspace + "/new-link/role", action: writeLinks, do: (*Handler).giveRoleToNew},
		{pattern: "POST " + workspace + "/links/{link}/role", action: writeLinks, do: (*Handler).giveRoleToLink},
		{pattern: "POST " + workspace + "/links/{link}/events", action: writeLinks, do: (*Handler).subscribe},
		{pattern: "GET " + workspace + "/links/{link}/access", action: readLinks, do: (*Handler).linkAccess},
		{pattern: "POST " + workspace + "/links/{link}/access", action: readLinks, do: (*Handler).assignAtLink},
		{pattern: "POST " + workspace + "/links/{link}/access/end", action: readLinks, do: (*Handler).unassignAtLink},
		{pattern: "GET " + workspace + "/links/{link}/delete", action: deleteLinks, do: (*Handler).deleteLinkPage},
		{pattern: "POST " + workspace + "/links/{link}/delete", action: deleteLinks, do: (*Handler).deleteLink},

		{pattern: "GET " + api, action: readAPIs, open: true, past: true, do: (*Handler).api},
		{pattern: "POST " + api + "/lead", action: leadAPI, do: (*Handler).lead},
		{pattern: "POST " + api + "/unmerge", action: unmergeAPI, do: (*Handler).unmerge},
		{pattern: "GET " + api + "/versions", action: readVersions, open: true, do: (*Handler).versions},
		{pattern: "GET " + api + "/deployments", action: readDeployments, open: true, do: (*Handler).deployments},
		{pattern: "GET " + api + "/history", action: historyOfAPI, do: (*Handler).history},
		{pattern: "GET " + api + "/compare", action: exportDocument, open: true, do: (*Handler).compare},
		{pattern: "GET " + definition, action: readDefinitions, open: true, do: (*Handler).definition},
		{pattern: "GET " + definition + "/source", action: readDefinitions, open: true, do: (*Handler).source},
		{pattern: "GET " + definition + "/document", action: exportDocument, open: true, past: true, do: (*Handler).document},
		{pattern: "GET " + version, action: readVersions, open: true, do: (*Handler).version},
		{pattern: "GET " + api + "/deployments/{deployment}", action: readDeployments, open: true, do: (*Handler).deployment},
		{pattern: "GET " + workspace + "/environments", action: readEnvironments, open: true, past: true, do: (*Handler).environments},
		{pattern: "GET " + environment, action: readEnvironments, open: true, past: true, do: (*Handler).environment},
		{pattern: "GET " + definition + "/-/document", action: importDocument, do: (*Handler).documentForm},
		{pattern: "POST " + definition + "/-/document", action: importDocument, file: true, do: (*Handler).takeDocument},
	}...)
}

// request is one request and what it is about.
type request struct {
	*http.Request
	who       auth.Principal
	session   inventory.Digest   // by which who asks comes; empty: by a token, or nobody does
	centers   centers            // all that there are
	service   inventory.Resource // zero on pages of none
	workspace inventory.ID
	id        inventory.ID // of the last thing that the path names
	at        time.Time    // as of which what there was is shown; zero: what there is
	closed    error        // why who asks may not see what there was; nil: he may
	access    Access
}

// serve is a page as a handler: it finds who asks, and for what, and whether he may.
func (h *Handler) serve(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !p.file {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		in, err := h.enter(p, r)
		if err == nil {
			err = p.do(h, w, in)
		}
		if err != nil {
			h.refuse(w, in.Request, err)
		}
	})
}

// enter makes the request of a page. It always gives one, for the error to be shown to who asked.
func (h *Handler) enter(p page, r *http.Request) (*request, error) {
	who, session, err := h.whose(r)
	in := &request{Request: r.WithContext(auth.With(r.Context(), who)), who: who, session: session, access: h.access}
	if err != nil || p.public {
		return in, err
	}
	if err := h.find(in); err != nil {
		if who.Kind == auth.Anonymous && inventory.CodeOf(err) == inventory.NotFound {
			return in, errNobody // nobody is told what there is
		}
		return in, err
	}
	if in.at, err = pastOf(p, r); err != nil {
		return in, err
	}
	if p.action == "" {
		if who.Kind == auth.Anonymous {
			return in, errNobody
		}
		return in, nil
	}
	return in, h.authorize(in, p)
}

// know gives the request the API centers that there are.
func (h *Handler) know(in *request) error {
	all, err := h.catalog.AllServices(in.Context())
	in.centers = centersOf(all)
	return err
}

// find gives the request what its path names.
func (h *Handler) find(in *request) error {
	if err := h.know(in); err != nil {
		return err
	}
	name := in.PathValue("service")
	if name == "" {
		return nil
	}
	var err error
	if in.service, err = in.centers.find(name); err != nil {
		return err
	}
	in.id = in.service.ID
	in.workspace = in.id.Child(inventory.KindWorkspace, defaultWorkspace)
	for _, k := range []inventory.Kind{
		inventory.KindWorkspace, inventory.KindAPI, inventory.KindVersion, inventory.KindDefinition, inventory.KindDeployment,
		inventory.KindEnvironment, inventory.KindLink, inventory.KindSchema, inventory.KindWebhook,
	} {
		name := in.PathValue(string(k))
		if name == "" {
			continue
		}
		if in.id, err = inventory.ParseID(in.id.String() + "/" + k.Collection() + "/" + name); err != nil || in.id.Kind() != k {
			return inventory.Errorf(inventory.NotFound, "", "there is no %s %q", k, name)
		}
		if k == inventory.KindWorkspace {
			in.workspace = in.id
		}
	}
	return nil
}

// defaultWorkspace is the one that every service has.
const defaultWorkspace = "default"

// authorize lets in who may read by either plane and, where a service is open to
// all, whoever wants to see what there is.
func (h *Handler) authorize(in *request, p page) error {
	authorize := h.access.Authorize
	if p.open {
		authorize = h.access.AuthorizeReading
	}
	err := authorize(in.Context(), p.action, feed.ARMID(in.id.String()))
	if err != nil && in.who.Kind == auth.Anonymous {
		err = errNobody
	}
	if err == nil || !p.open {
		return err
	}
	open, failed := h.catalog.OpenToAll(in.Context(), in.service.ID)
	if failed != nil {
		return failed
	}
	if open && in.at.IsZero() {
		in.closed = err
		return nil
	}
	return err
}

// may says whether who asks may do an action on what the page is about: what he
// may not, the page does not offer.
func (in *request) may(action string) bool { return in.mayIn(in.id, action) }

// mayIn is may for something else. What was, nobody can change.
func (in *request) mayIn(id inventory.ID, action string) bool {
	return (in.at.IsZero() || strings.HasSuffix(action, "/read")) && in.access.Allowed(in.Context(), action, feed.ARMID(id.String()))
}

// mayReadIn is mayIn for what either plane shows.
func (in *request) mayReadIn(id inventory.ID, action string) bool {
	return in.access.AuthorizeReading(in.Context(), action, feed.ARMID(id.String())) == nil
}

// reads says whether who asks may read of what the page is about.
func (h *Handler) reads(r *request, action string) (bool, error) { return h.readsIn(r, r.id, action) }

// readsIn is reads for something else. What a service that is open to all has,
// everybody reads as it is.
func (h *Handler) readsIn(r *request, id inventory.ID, action string) (bool, error) {
	if may := r.mayReadIn(id, action); may || !r.at.IsZero() {
		return may, nil
	}
	return h.catalog.OpenToAll(r.Context(), id.Ancestor(inventory.KindService))
}
