package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"apicenter/internal/feed"
	"apicenter/internal/inventory"
)

// Actions on webhooks.
const (
	webhookActions = "Microsoft.ApiCenter/services/webhooks"
	readWebhooks   = webhookActions + "/read"
	writeWebhooks  = webhookActions + "/write"
	deleteWebhooks = webhookActions + "/delete"
	secretWebhooks = webhookActions + "/newSecret/action"
	replayWebhooks = webhookActions + "/replay/action"
)

// webhookView is a webhook and how its deliveries go.
type webhookView struct {
	Name, Page string
	Address    string // with its query for who may write it
	Partial    bool   // its query, which may hold a secret, is left out
	Types      []string
	Prefix     string
	Handshake  string
	State      string
	Message    string // why it does not deliver
	HasSecret  bool
	Attempts   int
	inventory.DeliveryStatus
}

// handshakes are the ways in which a receiver agrees.
var handshakes = []choice{
	{Value: inventory.HandshakeCloudEvents, Title: "CloudEvents", Hint: "an OPTIONS request, which it answers with WebHook-Allowed-Origin"},
	{Value: inventory.HandshakeEventGrid, Title: "Event Grid", Hint: "a validation event, whose code it sends back"},
}

func webhookOf(r *request, res inventory.Resource) webhookView {
	hook := inventory.WebhookOf(docOf(res).Doc)
	v := webhookView{
		Name: res.Name(), Page: r.address(res.Path), Address: hook.Address, Types: hook.Types, Prefix: hook.Prefix, Handshake: hook.Handshake,
	}
	if !r.access.Allowed(r.Context(), writeWebhooks, feed.ARMID(res.Path)) {
		v.Address = inventory.WithoutQuery(hook.Address)
		v.Partial = v.Address != hook.Address
	}
	_ = json.Unmarshal(res.Status, &v.DeliveryStatus) // {} when nothing was seen of it
	v.HasSecret = v.DeliveryStatus.State != ""
	v.State, v.Message, v.Attempts = string(v.DeliveryStatus.State), v.DeliveryStatus.Message, v.DeliveryStatus.Attempts
	if !v.HasSecret {
		v.State, v.Message = "no secret", "Nothing is delivered before it has a secret."
	}
	return v
}

// webhooksView is the list of webhooks.
type webhooksView struct {
	Items []webhookView
	New   string // where one is made; empty: who asks may not
}

// maxWebhooks is how many a page shows; a service has fewer.
const maxWebhooks = 100

func (h *Handler) webhooks(w http.ResponseWriter, r *request) error {
	page, err := h.catalog.List(r.Context(), inventory.Query{Parent: r.service.ID, Kind: inventory.KindWebhook, Limit: maxWebhooks})
	if err != nil {
		return err
	}
	v := webhooksView{}
	if r.may(writeWebhooks) && r.may(secretWebhooks) {
		v.New = r.address(r.service.Path) + "/-/new-webhook"
	}
	for _, res := range page.Items {
		v.Items = append(v.Items, webhookOf(r, res))
	}
	return h.show(w, r, view{template: "webhooks", title: "Webhooks", section: "Webhooks", data: v})
}

// webhookForm is what people say of a webhook.
type webhookForm struct {
	Action string // where it is sent to
	IsNew  bool
	Name   textField
	Where  textField
	Prefix textField
	Shakes []choice
	Kinds  []typesOfKind
	Some   bool // of the types only some are wanted
	Fault  string
}

// typesOfKind are the types of events that tell of one kind of thing.
type typesOfKind struct {
	Title string
	Types []choice
}

// webhookFields are where faults of a webhook show.
var webhookFields = map[string]string{
	"name": "name", "properties.address": "address", "properties.subjectPrefix": "subjectPrefix", "properties.handshake": "handshake", "properties.eventTypes": "type",
}

// webhookFormOf makes the form that shows a webhook.
func webhookFormOf(name string, hook inventory.Webhook, fault fieldFault) webhookForm {
	f := webhookForm{
		Name: textField{Name: "name", Label: "Name", Value: name, Hint: "3 to 90 letters, digits and hyphens", Required: true, Mono: true},
		Where: textField{
			Name: "address", Label: "Address", Value: hook.Address, Type: "url", Required: true, Mono: true,
			Hint: "An https address that answers from the public internet, or one that the server was told to allow.",
		},
		Prefix: textField{
			Name: "subjectPrefix", Label: "Only of things below", Value: hook.Prefix, Mono: true,
			Hint: "How the subjects of events begin, such as /workspaces/default/apis/orders. Empty: everything.",
		},
		Shakes: slices.Clone(handshakes), Some: len(hook.Types) > 0,
	}
	for i := range f.Shakes {
		f.Shakes[i].Chosen = f.Shakes[i].Value == hook.Handshake
	}
	for _, typ := range feed.Types() {
		noun, verb := splitType(typ)
		at := slices.IndexFunc(f.Kinds, func(k typesOfKind) bool { return k.Title == noun })
		if at < 0 {
			at = len(f.Kinds)
			f.Kinds = append(f.Kinds, typesOfKind{Title: noun})
		}
		f.Kinds[at].Types = append(f.Kinds[at].Types, choice{Value: typ, Title: verb, Chosen: slices.Contains(hook.Types, typ)})
	}
	for _, field := range []*textField{&f.Name, &f.Where, &f.Prefix} {
		if field.Name == fault.Field {
			field.Fault, fault.Message = fault.Message, ""
		}
	}
	f.Fault = fault.Message
	return f
}

// nounsOfTypes are the kinds that types of events have other words for than people.
var nounsOfTypes = map[string]inventory.Kind{
	"Service": inventory.KindService, "Api": inventory.KindAPI, "Api version": inventory.KindVersion, "Api definition": inventory.KindDefinition,
	"Api source": inventory.KindLink, "Metadata schema": inventory.KindSchema, "Analyzer config": inventory.KindAnalyzer, "Portal": inventory.KindPortal,
}

// splitType reads the type of an event as people do: "Microsoft.ApiCenter.ApiVersionAdded"
// is "Version" and "added".
func splitType(typ string) (noun, verb string) {
	words := []string{}
	for i, r := range typ[strings.LastIndexByte(typ, '.')+1:] {
		if i == 0 || r >= 'A' && r <= 'Z' {
			words = append(words, "")
		}
		words[len(words)-1] += string(r)
	}
	last := len(words) - 1
	if last > 0 && words[last-1] == "Soft" {
		words = append(words[:last-1], "Soft deleted")
		last--
	}
	noun = label(strings.ToLower(strings.Join(words[:last], " ")))
	if kind, ok := nounsOfTypes[noun]; ok {
		noun = label(kindName(kind))
	}
	return noun, strings.ToLower(words[last])
}

// webhookFrom reads a form.
func webhookFrom(r *request) (name string, hook inventory.Webhook, err error) {
	if err := r.ParseForm(); err != nil {
		return "", hook, unreadable(err)
	}
	hook = inventory.Webhook{
		Address: strings.TrimSpace(r.PostForm.Get("address")), Prefix: strings.TrimSpace(r.PostForm.Get("subjectPrefix")), Handshake: r.PostForm.Get("handshake"),
	}
	if r.PostForm.Get("which") == "some" {
		hook.Types = r.PostForm["type"]
	}
	return strings.TrimSpace(r.PostForm.Get("name")), hook, nil
}

// webhookBody is a webhook as a body, or what is wrong with it that nobody else looks at.
func webhookBody(hook inventory.Webhook, some bool) (inventory.Doc, error) {
	if some && len(hook.Types) == 0 {
		return nil, inventory.Errorf(inventory.Invalid, "properties.eventTypes", "choose some events, or all of them")
	}
	for _, typ := range hook.Types {
		if !slices.Contains(feed.Types(), typ) {
			return nil, inventory.Errorf(inventory.Invalid, "properties.eventTypes", "there is no event type %q", typ)
		}
	}
	body := inventory.Doc{}
	body.Set(inventory.FieldAddress, hook.Address)
	if len(hook.Types) > 0 {
		body.Set(inventory.FieldTypes, hook.Types)
	}
	if hook.Prefix != "" {
		body.Set(inventory.FieldPrefix, hook.Prefix)
	}
	if hook.Handshake != "" {
		body.Set(inventory.FieldHandshake, hook.Handshake)
	}
	return body, nil
}

func (h *Handler) newWebhook(w http.ResponseWriter, r *request) error {
	return h.showNewWebhook(w, r, 0, webhookFormOf("", inventory.Webhook{Handshake: inventory.HandshakeCloudEvents}, fieldFault{}))
}

func (h *Handler) showNewWebhook(w http.ResponseWriter, r *request, status int, f webhookForm) error {
	f.Action, f.IsNew = r.address(r.service.Path)+"/-/new-webhook", true
	return h.show(w, r, view{template: "webhook-new", title: "New webhook", section: "Webhooks", status: status, data: f})
}

// makeWebhook makes a webhook with its secret, which is shown this once.
func (h *Handler) makeWebhook(w http.ResponseWriter, r *request) error {
	name, hook, err := webhookFrom(r)
	if err != nil {
		return err
	}
	if err := r.access.Authorize(r.Context(), secretWebhooks, scopeOf(r)); err != nil {
		return err
	}
	body, err := webhookBody(hook, r.PostForm.Get("which") == "some")
	if err == nil && name == "" {
		err = inventory.Errorf(inventory.Invalid, "name", "give the webhook a name")
	}
	var made inventory.Resource
	if err == nil {
		made, _, err = h.catalog.Put(r.Context(), r.service.Path+"/webhooks/"+name, body, absent)
	}
	if fault, status, ok := mendable(err, webhookFields); ok {
		f := webhookFormOf(name, hook, fault)
		f.Some = r.PostForm.Get("which") == "some"
		return h.showNewWebhook(w, r, status, f)
	}
	if err != nil {
		return err
	}
	r.id = made.ID
	return h.tellSecret(w, r, http.StatusCreated)
}

// webhookPage is a webhook with all that can be done to it.
type webhookPage struct {
	webhookView
	Back      string
	Secret    string       // that was just made; it is shown this once
	Form      *webhookForm // nil: who asks may not change it
	MaySecret bool
	Replay    *replayForm
	MayDelete bool
}

// replayForm says from where on to deliver again.
type replayForm struct {
	From  string // "kept", "event"
	Event textField
	Last  int64 // the newest event
	Fault string
}

func (h *Handler) webhook(w http.ResponseWriter, r *request) error {
	return h.showWebhook(w, r, 0, webhookPage{}, fieldFault{})
}

// showWebhook shows a webhook, with what v has already.
func (h *Handler) showWebhook(w http.ResponseWriter, r *request, status int, v webhookPage, fault fieldFault) error {
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	v.webhookView, v.Back = webhookOf(r, res), r.address(r.service.Path)+"/-/webhooks"
	if v.Form == nil && r.may(writeWebhooks) {
		f := webhookFormOf(res.Name(), inventory.WebhookOf(docOf(res).Doc), fieldFault{})
		v.Form = &f
	}
	if v.Form != nil {
		v.Form.Action = v.Page
	}
	v.MaySecret, v.MayDelete = r.may(secretWebhooks), r.may(deleteWebhooks)
	if r.may(replayWebhooks) && v.HasSecret {
		kept, err := h.catalog.Kept(r.Context(), r.service.ID)
		if err != nil {
			return err
		}
		v.Replay = &replayForm{From: r.PostFormValue("from"), Last: kept.Last, Event: textField{
			Name: "after", Label: "Number of the event", Value: r.PostFormValue("after"), Type: "number",
			Hint: "Activity shows the numbers. What came after it is delivered again; the newest is " + strconv.FormatInt(kept.Last, 10) + ".",
		}}
		if fault.Field == "after" {
			v.Replay.Event.Fault, fault.Message = fault.Message, ""
		}
		v.Replay.Fault = fault.Message
	}
	return h.show(w, r, view{template: "webhook", title: res.Name(), section: "Webhooks", status: status, data: v})
}

func (h *Handler) changeWebhook(w http.ResponseWriter, r *request) error {
	_, hook, err := webhookFrom(r)
	if err != nil {
		return err
	}
	res, err := h.catalog.Get(r.Context(), r.id)
	if err != nil {
		return err
	}
	some := r.PostForm.Get("which") == "some"
	body, err := webhookBody(hook, some)
	if err == nil {
		_, _, err = h.catalog.Put(r.Context(), res.Path, body, present)
	}
	if fault, status, ok := mendable(err, webhookFields); ok {
		f := webhookFormOf(res.Name(), hook, fault)
		f.Some = some
		return h.showWebhook(w, r, status, webhookPage{Form: &f}, fieldFault{})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(res.Path))
}

// newSecret replaces the secret of a webhook.
func (h *Handler) newSecret(w http.ResponseWriter, r *request) error {
	return h.tellSecret(w, r, http.StatusOK)
}

func (h *Handler) tellSecret(w http.ResponseWriter, r *request, status int) error {
	secret, err := h.catalog.NewSecret(r.Context(), r.id)
	if err != nil {
		return err
	}
	return h.showWebhook(w, r, status, webhookPage{Secret: secret}, fieldFault{})
}

// replayWebhook has a webhook deliver again what came after a point.
func (h *Handler) replayWebhook(w http.ResponseWriter, r *request) error {
	after, err := h.replayPoint(r)
	if err == nil {
		err = h.catalog.Replay(r.Context(), r.id, after)
	}
	if inventory.CodeOf(err) == inventory.Forgotten {
		err = inventory.Errorf(inventory.Invalid, "after", "%s", errorOf(err).Message)
	}
	if fault, status, ok := mendable(err, map[string]string{"after": "after"}); ok && inventory.CodeOf(err) != inventory.NotFound {
		return h.showWebhook(w, r, status, webhookPage{}, fault)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/webhooks/"+r.id.Name())
}

func (h *Handler) replayPoint(r *request) (int64, error) {
	switch r.PostFormValue("from") {
	case "kept":
		kept, err := h.catalog.Kept(r.Context(), r.service.ID)
		return kept.After, err
	case "event":
		after, err := strconv.ParseInt(strings.TrimSpace(r.PostFormValue("after")), 10, 64)
		if err != nil || after < 0 {
			return 0, inventory.Errorf(inventory.Invalid, "after", "give the number of an event, such as 120")
		}
		return after, nil
	default:
		return 0, inventory.Errorf(inventory.Invalid, "", "say from where on to deliver again")
	}
}

func (h *Handler) deleteWebhook(w http.ResponseWriter, r *request) error {
	if err := h.catalog.Delete(r.Context(), r.id, noMatch); err != nil {
		return err
	}
	return redirect(w, r, r.address(r.service.Path)+"/-/webhooks")
}
