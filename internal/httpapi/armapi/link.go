package armapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"apicenter/internal/arm"
	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// apiManagement is the type of source that Azure's article is about, and how
// clients of several years write it.
const apiManagement = "AzureApiManagement"

// instance names an API Management instance and the identity to read it with.
type instance struct {
	ResourceID    string `json:"resourceId"`
	MSIResourceID string `json:"msiResourceId,omitempty"`
}

// linkBody is what a link can be asked to be.
type linkBody struct {
	APISourceType            string          `json:"apiSourceType"`
	AzureAPIManagementSource *instance       `json:"azureApiManagementSource"`
	APIMSource               *instance       `json:"apimSource"` // of early clients
	AmazonAPIGatewaySource   *struct{}       `json:"amazonApiGatewaySource"`
	GitSource                *struct{}       `json:"gitSource"`
	ImportSpecification      string          `json:"importSpecification"`
	ShouldImportSpec         *bool           `json:"shouldImportSpec"` // of early drafts
	TargetEnvironmentID      string          `json:"targetEnvironmentId"`
	TargetLifecycleStage     string          `json:"targetLifecycleStage"`
	FreshnessTargetSeconds   json.RawMessage `json:"freshnessTargetSeconds"` // ours
	Scope                    json.RawMessage `json:"scope"`                  // ours
	OnVanish                 string          `json:"onVanish"`               // ours
	ActivityLog              json.RawMessage `json:"activityLog"`            // ours
}

// linkDoc reads a link's properties.
func linkDoc(properties []byte) (inventory.Doc, error) {
	var b linkBody
	if err := json.Unmarshal(properties, &b); err != nil {
		return nil, invalidContent("properties are not those of an API source: %v", err)
	}
	switch given := strings.ToLower(b.APISourceType); {
	case given == "" && b.AmazonAPIGatewaySource != nil:
		b.APISourceType = "AmazonApiGateway" // the catalog judges it
	case given == "" && b.GitSource != nil:
		b.APISourceType = "Git"
	case given == "", given == "apim", given == strings.ToLower(apiManagement):
		b.APISourceType = apiManagement
	}
	source := b.AzureAPIManagementSource
	if source == nil {
		source = b.APIMSource
	}
	if b.APISourceType == apiManagement && (source == nil || source.ResourceID == "") {
		e := arm.Errorf(http.StatusBadRequest, "ValidationError",
			"properties.azureApiManagementSource.resourceId is required; give the resource id of the API Management instance")
		e.Target = "properties.azureApiManagementSource.resourceId"
		return nil, e
	}
	if source == nil {
		source = &instance{}
	}
	if b.ImportSpecification == "" && b.ShouldImportSpec != nil {
		b.ImportSpecification = string(inventory.ImportNever)
		if *b.ShouldImportSpec {
			b.ImportSpecification = string(inventory.ImportAlways)
		}
	}
	doc := inventory.Doc{}
	for field, value := range map[inventory.Field]string{
		inventory.FieldSourceType:  b.APISourceType,
		inventory.FieldSource:      source.ResourceID,
		inventory.FieldIdentity:    source.MSIResourceID,
		inventory.FieldImport:      b.ImportSpecification,
		inventory.FieldEnvironment: b.TargetEnvironmentID,
		inventory.FieldStage:       b.TargetLifecycleStage,
		inventory.FieldOnVanish:    b.OnVanish,
	} {
		if value != "" {
			doc.Set(field, value)
		}
	}
	for field, value := range map[inventory.Field]json.RawMessage{
		inventory.FieldTarget:      b.FreshnessTargetSeconds,
		inventory.FieldScope:       b.Scope,
		inventory.FieldActivityLog: b.ActivityLog,
	} {
		if len(value) > 0 && string(value) != "null" {
			doc[field] = value
		}
	}
	return doc, nil
}

// linkView is a link as readers see it.
type linkView struct {
	APISourceType            string           `json:"apiSourceType"`
	AzureAPIManagementSource instance         `json:"azureApiManagementSource"`
	APIMSource               *instance        `json:"apimSource,omitempty"`
	ImportSpecification      string           `json:"importSpecification"`
	TargetEnvironmentID      string           `json:"targetEnvironmentId,omitempty"`
	TargetLifecycleStage     string           `json:"targetLifecycleStage,omitempty"`
	FreshnessTargetSeconds   int64            `json:"freshnessTargetSeconds,omitempty"`
	Scope                    *inventory.Scope `json:"scope,omitempty"`
	OnVanish                 string           `json:"onVanish"`
	ActivityLog              bool             `json:"activityLog,omitempty"`
	LinkState                *linkState       `json:"linkState,omitempty"` // this and the next are not kept of the past
	Synchronization          *synchronization `json:"synchronization,omitempty"`
}

// linkState is all that Azure tells of a link. A healthy one stays in "syncing".
type linkState struct {
	State         inventory.State `json:"state"`
	Message       string          `json:"message,omitempty"`
	LastUpdatedOn time.Time       `json:"lastUpdatedOn"`
}

// synchronization is what we tell besides.
type synchronization struct {
	SyncedAt time.Time        `json:"syncedAt,omitzero"`
	NextDue  time.Time        `json:"nextDue,omitzero"`
	APIs     int              `json:"apis"`
	Kept     int              `json:"kept"`
	Held     []string         `json:"held"`
	Limited  bool             `json:"limited"`
	Problems int              `json:"problems"`
	Stalled  bool             `json:"stalled"`
	Paused   *inventory.Pause `json:"paused,omitempty"`
	Plan     string           `json:"plan,omitempty"` // that the next pass does, or nothing

	// How old what is shown may be. Ages are rounded up.
	AgeSeconds            *int64    `json:"ageSeconds,omitempty"`            // of the inventory
	DefinitionsAgeSeconds *int64    `json:"definitionsAgeSeconds,omitempty"` // of the definition longest not verified
	ProvenAt              time.Time `json:"provenAt,omitzero"`
	DefinitionsProvenAt   time.Time `json:"definitionsProvenAt,omitzero"`
	TargetSeconds         int64     `json:"targetSeconds"`
	Late                  bool      `json:"late"`
	LateReason            string    `json:"lateReason,omitempty"`

	FailingSince time.Time  `json:"failingSince,omitzero"`
	LastRun      *lastRun   `json:"lastRun,omitempty"`
	ActivityLog  *logStatus `json:"activityLog,omitempty"` // of a link that has read it, or tried
}

// logStatus is how the log of the source is followed.
type logStatus struct {
	ReadAt  time.Time `json:"readAt,omitzero"`
	NextDue time.Time `json:"nextDue,omitzero"`
	Message string    `json:"message,omitempty"` // why it could not be read
}

// lastRun is how the newest run ended.
type lastRun struct {
	Outcome string    `json:"outcome"`
	EndedAt time.Time `json:"endedAt"`
	Errors  int       `json:"errors"`
}

func (h *Handler) appendLink(buf []byte, r inventory.Resource, req *request) ([]byte, error) {
	doc, err := inventory.ParseDoc(r.Doc)
	if err != nil {
		return buf, fmt.Errorf("properties of %s: %w", r.Path, err)
	}
	l := inventory.LinkOf(doc)
	v := linkView{
		APISourceType:            l.SourceType,
		AzureAPIManagementSource: instance{ResourceID: l.Source, MSIResourceID: l.Identity},
		ImportSpecification:      string(l.Import),
		TargetEnvironmentID:      l.Environment,
		TargetLifecycleStage:     l.Stage,
		FreshnessTargetSeconds:   int64(l.Target / time.Second),
		OnVanish:                 string(l.OnVanish),
		ActivityLog:              l.ActivityLog,
	}
	if !l.Scope.IsZero() {
		v.Scope = &l.Scope
	}
	if given := doc.Text(catalog.FieldEnvironmentGiven); given != "" {
		v.TargetEnvironmentID = given
	}
	if req.at.IsZero() {
		if v.LinkState, v.Synchronization, err = h.stateOf(r); err != nil {
			return buf, err
		}
	}
	if strings.EqualFold(req.version, arm.Version20240315Preview) {
		v.APIMSource = &v.AzureAPIManagementSource
	}
	properties, err := json.Marshal(v)
	if err != nil {
		return buf, err
	}
	return append(append(buf, `"properties":`...), properties...), nil
}

// stateOf tells how a link goes.
func (h *Handler) stateOf(r inventory.Resource) (*linkState, *synchronization, error) {
	f, err := h.catalog.Freshness(r)
	if err != nil {
		return nil, nil, err
	}
	s := inventory.StatusOf(r)
	out := synchronization{
		SyncedAt: s.SyncedAt, NextDue: s.NextDue, APIs: s.APIs, Kept: s.Kept, Held: s.Held,
		Limited: s.Limited, Problems: s.Problems, Stalled: s.Stalled, Paused: s.Paused,
		AgeSeconds: wholeSeconds(f.Age), DefinitionsAgeSeconds: wholeSeconds(f.Definitions),
		ProvenAt: s.ProvenAt, DefinitionsProvenAt: s.DefinitionsProvenAt,
		TargetSeconds: int64(f.Target / time.Second), Late: f.Late, LateReason: f.Reason, FailingSince: s.FailingSince,
	}
	if s.Agreed != nil {
		out.Plan = s.Agreed.Plan
	}
	if out.Held == nil {
		out.Held = []string{}
	}
	if r := s.LastRun; r.Outcome != "" {
		out.LastRun = &lastRun{r.Outcome, r.Ended, r.Errors}
	}
	if log := s.ActivityLog; log != nil {
		out.ActivityLog = &logStatus{log.ReadAt, log.NextDue, log.Message}
	}
	return &linkState{s.State, s.Message, latest(s.ChangedAt, s.SyncedAt)}, &out, nil
}

// wholeSeconds are as many as a duration has begun.
func wholeSeconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	return new(int64((*d + time.Second - 1) / time.Second))
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
