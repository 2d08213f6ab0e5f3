package emulator_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	v2 "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/apimanagement/armapimanagement/v2"
	v3 "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/apimanagement/armapimanagement/v3"

	"apicenter/internal/emulator"
)

func factory(t *testing.T, w *world) *v3.ClientFactory {
	t.Helper()
	f, err := v3.NewClientFactory(emulator.SubscriptionID, staticToken{}, w.clientOptions())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// all reads a pager to its end.
func all[P, R any](t *testing.T, pager *runtime.Pager[P], rows func(P) []R) (out []R, pages int) {
	t.Helper()
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rows(page)...)
		pages++
	}
	return out, pages
}

// done waits for a poller; done(t)(client.Begin…(…)).
func done[R any](t *testing.T) func(*runtime.Poller[R], error) R {
	return func(p *runtime.Poller[R], err error) R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.PollUntilDone(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func status(err error) int {
	if e, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return e.StatusCode
	}
	return 0
}

const petstore = `{"openapi":"3.0.1","info":{"title":"Petstore","version":"1.0"},"servers":[{"url":"https://pets.example/v1"}],
"paths":{"/pets":{"get":{"operationId":"listPets","summary":"List pets","responses":{"200":{"description":"ok"}}}},
"/pets/{id}":{"get":{"operationId":"Get Pet","responses":{"200":{"description":"ok"}}}}}}`

func TestSDKPagesThroughAllAPIs(t *testing.T) {
	w := start(t, emulator.Options{APIs: 250})
	g, s := w.names()
	rows, pages := all(t, factory(t, w).NewAPIClient().NewListByServicePager(g, s, nil),
		func(p v3.APIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	if len(rows) != 250 || pages != 3 {
		t.Errorf("%d rows on %d pages, want 250 on 3", len(rows), pages)
	}
	seen := map[string]bool{}
	for _, r := range rows {
		seen[*r.ID] = true
	}
	if len(seen) != 250 {
		t.Errorf("%d different rows, want 250", len(seen))
	}
}

func TestSDKLivesTheLifeOfAnAPI(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	g, s := w.names()
	c := factory(t, w).NewAPIClient()

	made := done[v3.APIClientCreateOrUpdateResponse](t)(c.BeginCreateOrUpdate(t.Context(), g, s, "Petstore", v3.APICreateOrUpdateParameter{
		Properties: &v3.APICreateOrUpdateProperties{
			Path: new("pets"), Format: new(v3.ContentFormatOpenapiJSON), Value: new(petstore),
		},
	}, nil))
	if got := *made.Properties.DisplayName; got != "Petstore" {
		t.Errorf("display name %q, want that of the document", got)
	}
	got, err := c.Get(t.Context(), g, s, "petstore", nil)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Name != "Petstore" || !strings.HasSuffix(*got.ID, "/apis/Petstore") || *got.Properties.ServiceURL != "https://pets.example/v1" {
		t.Errorf("got %s %s %s", *got.Name, *got.ID, *got.Properties.ServiceURL)
	}
	tag, err := c.GetEntityTag(t.Context(), g, s, "Petstore", nil)
	if err != nil || *tag.ETag != *got.ETag {
		t.Errorf("HEAD: %v, ETag %v, want %v", err, tag.ETag, got.ETag)
	}
	changed, err := c.Update(t.Context(), g, s, "Petstore", *got.ETag, v3.APIUpdateContract{
		Properties: &v3.APIContractUpdateProperties{DisplayName: new("Pets & Co")},
	}, nil)
	if err != nil || *changed.Properties.DisplayName != "Pets & Co" || *changed.ETag == *got.ETag {
		t.Errorf("update: %v, %+v", err, changed.Properties)
	}
	if _, err = c.Update(t.Context(), g, s, "Petstore", *got.ETag, v3.APIUpdateContract{}, nil); status(err) != http.StatusPreconditionFailed {
		t.Errorf("update with an old ETag: %v, want 412", err)
	}
	exported, err := c.Get(t.Context(), g, s, "Petstore", nil)
	if err != nil || exported.Properties.Path == nil {
		t.Errorf("get after update: %v", err)
	}
	done[v3.APIClientDeleteResponse](t)(c.BeginDelete(t.Context(), g, s, "Petstore", "*", nil))
	if _, err = c.Get(t.Context(), g, s, "Petstore", nil); status(err) != http.StatusNotFound {
		t.Errorf("get after delete: %v, want 404", err)
	}
	if r, err := c.GetEntityTag(t.Context(), g, s, "Petstore", nil); status(err) != http.StatusNotFound || r.Success {
		t.Errorf("HEAD after delete: %v, want 404", err)
	}
}

func TestSDKReleasesARevision(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	g, s := w.names()
	f := factory(t, w)
	c := f.NewAPIClient()
	put := done[v3.APIClientCreateOrUpdateResponse](t)
	put(c.BeginCreateOrUpdate(t.Context(), g, s, "echo", v3.APICreateOrUpdateParameter{Properties: &v3.APICreateOrUpdateProperties{
		Path: new("echo"), DisplayName: new("Echo"), Format: new(v3.ContentFormatOpenapiJSON), Value: new(petstore),
	}}, nil))
	second := put(c.BeginCreateOrUpdate(t.Context(), g, s, "echo;rev=2", v3.APICreateOrUpdateParameter{Properties: &v3.APICreateOrUpdateProperties{
		Path: new("echo"), SourceAPIID: new("/apis/echo"), APIRevisionDescription: new("try"),
	}}, nil))
	if *second.Name != "echo;rev=2" || *second.Properties.IsCurrent {
		t.Errorf("new revision is %s, current %v", *second.Name, *second.Properties.IsCurrent)
	}
	tag, err := c.GetEntityTag(t.Context(), g, s, "echo;rev=2", nil)
	if err != nil || tag.ETag == nil || !tag.Success {
		t.Errorf("HEAD of a revision: %v", err)
	}
	rel, err := f.NewAPIReleaseClient().CreateOrUpdate(t.Context(), g, s, "echo", "r1", v3.APIReleaseContract{
		Properties: &v3.APIReleaseContractProperties{APIID: new("/apis/echo;rev=2"), Notes: new("out")},
	}, nil)
	if err != nil || *rel.Properties.Notes != "out" || rel.Properties.CreatedDateTime == nil {
		t.Fatalf("release: %v %+v", err, rel.Properties)
	}
	now, err := c.Get(t.Context(), g, s, "echo", nil)
	if err != nil || *now.Properties.APIRevision != "2" || *now.Name != "echo" {
		t.Errorf("after the release: %v, %s is revision %s", err, *now.Name, *now.Properties.APIRevision)
	}
	revs, _ := all(t, f.NewAPIRevisionClient().NewListByServicePager(g, s, "echo", nil),
		func(p v3.APIRevisionClientListByServiceResponse) []*v3.APIRevisionContract { return p.Value })
	if len(revs) != 2 || *revs[0].IsCurrent || !*revs[1].IsCurrent || *revs[0].APIID != "/apis/echo;rev=1" {
		t.Errorf("revisions: %d, first %+v", len(revs), revs[0])
	}
	current, _ := all(t, c.NewListByServicePager(g, s, &v3.APIClientListByServiceOptions{Filter: new("isCurrent eq true")}),
		func(p v3.APIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	if len(current) != 1 {
		t.Errorf("%d current rows, want 1", len(current))
	}
	if _, err := f.NewAPIReleaseClient().Delete(t.Context(), g, s, "echo", "r1", "*", nil); err != nil {
		t.Error(err)
	}
	if _, err := c.BeginDelete(t.Context(), g, s, "echo", "*", nil); status(err) != http.StatusBadRequest {
		t.Errorf("delete with two revisions: %v, want 400", err)
	}
	done[v3.APIClientDeleteResponse](t)(c.BeginDelete(t.Context(), g, s, "echo", "*", &v3.APIClientBeginDeleteOptions{DeleteRevisions: new(true)}))
}

func TestSDKKeepsVersionsInASet(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	g, s := w.names()
	f := factory(t, w)
	sets := f.NewAPIVersionSetClient()
	set, err := sets.CreateOrUpdate(t.Context(), g, s, "vs", v3.APIVersionSetContract{Properties: &v3.APIVersionSetContractProperties{
		DisplayName: new("Orders"), VersioningScheme: new(v3.VersioningSchemeSegment),
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := f.NewAPIClient()
	for _, v := range []string{"v1", "v2"} {
		r := done[v3.APIClientCreateOrUpdateResponse](t)(c.BeginCreateOrUpdate(t.Context(), g, s, "orders-"+v, v3.APICreateOrUpdateParameter{
			Properties: &v3.APICreateOrUpdateProperties{Path: new("orders"), DisplayName: new("Orders"), APIVersion: new(v), APIVersionSetID: new("/apiVersionSets/vs")},
		}, nil))
		if *r.Properties.APIVersionSetID != *set.ID {
			t.Errorf("set of %s is %s, want the full id %s", v, *r.Properties.APIVersionSetID, *set.ID)
		}
	}
	rows, _ := all(t, c.NewListByServicePager(g, s, &v3.APIClientListByServiceOptions{ExpandAPIVersionSet: new(true)}),
		func(p v3.APIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	if d := rows[0].Properties.APIVersionSet; d == nil || *d.Name != "Orders" || *d.ID != *set.ID {
		t.Errorf("expanded set: %+v", d)
	}
	if _, err := sets.Update(t.Context(), g, s, "vs", "*", v3.APIVersionSetUpdateParameters{Properties: &v3.APIVersionSetUpdateParametersProperties{DisplayName: new("All orders")}}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := c.Get(t.Context(), g, s, "orders-v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Properties.Path != "orders" {
		t.Errorf("path %q", *got.Properties.Path)
	}
	for _, v := range []string{"v1", "v2"} {
		done[v3.APIClientDeleteResponse](t)(c.BeginDelete(t.Context(), g, s, "orders-"+v, "*", nil))
	}
	if _, err := sets.Get(t.Context(), g, s, "vs", nil); status(err) != http.StatusNotFound {
		t.Errorf("the set after its last version: %v, want 404", err)
	}
}

func TestSDKEditsOperationsAndSchemas(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	g, s := w.names()
	f := factory(t, w)
	api := apiNames(t, w)[0]
	ops := f.NewAPIOperationClient()
	rows, _ := all(t, ops.NewListByAPIPager(g, s, api, nil), func(p v3.APIOperationClientListByAPIResponse) []*v3.OperationContract { return p.Value })
	if len(rows) != 3 {
		t.Fatalf("%d operations, want the 3 of the document", len(rows))
	}
	op, err := ops.CreateOrUpdate(t.Context(), g, s, api, "ping", v3.OperationContract{Properties: &v3.OperationContractProperties{
		DisplayName: new("Ping"), Method: new("GET"), URLTemplate: new("/ping"),
	}}, nil)
	if err != nil || op.ETag == nil {
		t.Fatal(err)
	}
	if doc := exportOf(t, w, api); !strings.Contains(doc, `"/ping"`) {
		t.Errorf("the export after a new operation does not have it: %s", doc)
	}
	if _, err := ops.Update(t.Context(), g, s, api, "ping", "*", v3.OperationUpdateContract{Properties: &v3.OperationUpdateContractProperties{DisplayName: new("Pong")}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.GetEntityTag(t.Context(), g, s, api, "ping", nil); err != nil {
		t.Error(err)
	}
	if _, err := ops.Delete(t.Context(), g, s, api, "ping", "*", nil); err != nil {
		t.Fatal(err)
	}
	schemas := f.NewAPISchemaClient()
	done[v3.APISchemaClientCreateOrUpdateResponse](t)(schemas.BeginCreateOrUpdate(t.Context(), g, s, api, "graphql", v3.SchemaContract{Properties: &v3.SchemaContractProperties{
		ContentType: new("application/vnd.ms-azure-apim.graphql.schema"), Document: &v3.SchemaDocumentProperties{Value: new("type Query { a: Int }")},
	}}, nil))
	got, err := schemas.Get(t.Context(), g, s, api, "graphql", nil)
	if err != nil || *got.Properties.Document.Value != "type Query { a: Int }" {
		t.Errorf("schema: %v %+v", err, got.Properties)
	}
	if _, err := schemas.Delete(t.Context(), g, s, api, "graphql", "*", nil); err != nil {
		t.Error(err)
	}
}

func TestSDKReadsTheFlatExport(t *testing.T) {
	w := start(t, emulator.Options{APIs: 1})
	g, s := w.names()
	api := apiNames(t, w)[0]
	r3, err := v3.NewAPIExportClient(emulator.SubscriptionID, staticToken{}, w.clientOptions())
	if err != nil {
		t.Fatal(err)
	}
	a, err := r3.Get(t.Context(), g, s, api, v3.ExportFormatOpenapiJSON, v3.ExportAPITrue, nil)
	if err != nil || a.Value == nil {
		t.Fatalf("v3: %v %+v", err, a.APIExportResult)
	}
	r2, err := v2.NewAPIExportClient(emulator.SubscriptionID, staticToken{}, w.clientOptions())
	if err != nil {
		t.Fatal(err)
	}
	b, err := r2.Get(t.Context(), g, s, api, v2.ExportFormatOpenapiJSON, v2.ExportAPITrue, nil)
	if err != nil || b.Value == nil {
		t.Fatalf("v2: %v %+v", err, b.APIExportResult)
	}
	resp, err := http.Get(*a.Value.Link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	doc, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(doc), `"openapi"`) {
		t.Errorf("%v, status %d: %s", err, resp.StatusCode, doc)
	}
}

func TestOldSDKWritesToo(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	g, s := w.names()
	c, err := v2.NewAPIClient(emulator.SubscriptionID, staticToken{}, w.clientOptions())
	if err != nil {
		t.Fatal(err)
	}
	r := done[v2.APIClientCreateOrUpdateResponse](t)(c.BeginCreateOrUpdate(t.Context(), g, s, "old", v2.APICreateOrUpdateParameter{
		Properties: &v2.APICreateOrUpdateProperties{Path: new("old"), Format: new(v2.ContentFormatOpenapiJSON), Value: new(petstore)},
	}, nil))
	if *r.Properties.DisplayName != "Petstore" {
		t.Errorf("display name %q", *r.Properties.DisplayName)
	}
	if _, err := c.Update(t.Context(), g, s, "old", "*", v2.APIUpdateContract{Properties: &v2.APIContractUpdateProperties{Description: new("d")}}, nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Delete(t.Context(), g, s, "old", "*", nil); err != nil {
		t.Error(err)
	}
}

func TestSDKWorksInAWorkspace(t *testing.T) {
	w := start(t, emulator.Options{Empty: true})
	g, s := w.names()
	f := factory(t, w)
	if _, err := f.NewWorkspaceClient().CreateOrUpdate(t.Context(), g, s, "team", v3.WorkspaceContract{Properties: &v3.WorkspaceContractProperties{DisplayName: new("Team")}}, nil); err != nil {
		t.Fatal(err)
	}
	c := f.NewWorkspaceAPIClient()
	r := done[v3.WorkspaceAPIClientCreateOrUpdateResponse](t)(c.BeginCreateOrUpdate(t.Context(), g, s, "team", "mine", v3.APICreateOrUpdateParameter{
		Properties: &v3.APICreateOrUpdateProperties{Path: new("mine"), DisplayName: new("Mine")},
	}, nil))
	if *r.Type != "Microsoft.ApiManagement/service/workspaces/apis" || !strings.HasSuffix(*r.ID, "/workspaces/team/apis/mine") {
		t.Errorf("%s of type %s", *r.ID, *r.Type)
	}
	outside, _ := all(t, f.NewAPIClient().NewListByServicePager(g, s, nil), func(p v3.APIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	inside, _ := all(t, c.NewListByServicePager(g, s, "team", nil), func(p v3.WorkspaceAPIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	if len(outside) != 0 || len(inside) != 1 {
		t.Errorf("%d rows in the instance and %d in the workspace, want 0 and 1", len(outside), len(inside))
	}
	if _, err := c.Delete(t.Context(), g, s, "team", "mine", "*", nil); err != nil {
		t.Error(err)
	}
}

func TestSDKManagesInstancesAndGateways(t *testing.T) {
	w := start(t, emulator.Options{})
	g, s := w.names()
	f := factory(t, w)
	svc, err := f.NewServiceClient().Get(t.Context(), g, s, nil)
	if err != nil || *svc.Properties.GatewayURL != "https://tarnwick-retail.azure-api.net" || len(svc.Properties.HostnameConfigurations) != 3 {
		t.Fatalf("%v %+v", err, svc.Properties)
	}
	free, err := f.NewServiceClient().CheckNameAvailability(t.Context(), v3.ServiceCheckNameAvailabilityParameters{Name: new(s)}, nil)
	if err != nil || *free.NameAvailable {
		t.Errorf("%v: %s is available: %v", err, s, *free.NameAvailable)
	}
	made := done[v3.ServiceClientCreateOrUpdateResponse](t)(f.NewServiceClient().BeginCreateOrUpdate(t.Context(), g, "second", v3.ServiceResource{
		Location: new("North Europe"), SKU: &v3.ServiceSKUProperties{Name: new(v3.SKUTypeStandard), Capacity: new(int32(1))},
		Properties: &v3.ServiceProperties{PublisherEmail: new("a@b.example"), PublisherName: new("A")},
	}, nil))
	if *made.Properties.ProvisioningState != "Succeeded" {
		t.Errorf("state %s", *made.Properties.ProvisioningState)
	}
	services, _ := all(t, f.NewServiceClient().NewListPager(nil), func(p v3.ServiceClientListResponse) []*v3.ServiceResource { return p.Value })
	if len(services) != 2 {
		t.Errorf("%d instances, want 2", len(services))
	}
	gateways, _ := all(t, f.NewAPIGatewayClient().NewListPager(nil), func(p v3.APIGatewayClientListResponse) []*v3.GatewayResource { return p.Value })
	if len(gateways) != 1 || !strings.Contains(*gateways[0].Properties.Frontend.DefaultHostname, ".gateway.westeurope.azure-api.net") {
		t.Fatalf("gateways: %d", len(gateways))
	}
	conns, _ := all(t, f.NewAPIGatewayConfigConnectionClient().NewListByGatewayPager(g, *gateways[0].Name, nil),
		func(p v3.APIGatewayConfigConnectionClientListByGatewayResponse) []*v3.GatewayConfigConnectionResource {
			return p.Value
		})
	if len(conns) != 1 || !strings.HasSuffix(*conns[0].Properties.SourceID, "/workspaces/marketplace") {
		t.Errorf("connections: %d", len(conns))
	}
	done[v3.ServiceClientDeleteResponse](t)(f.NewServiceClient().BeginDelete(t.Context(), g, "second", nil))
	if slices.ContainsFunc(services, func(r *v3.ServiceResource) bool { return *r.Type != "Microsoft.ApiManagement/service" }) {
		t.Error("an instance has another type")
	}
}

// apiNames lists the current APIs of the instance.
func apiNames(t *testing.T, w *world) []string {
	t.Helper()
	g, s := w.names()
	rows, _ := all(t, factory(t, w).NewAPIClient().NewListByServicePager(g, s, &v3.APIClientListByServiceOptions{Filter: new("isCurrent eq true")}),
		func(p v3.APIClientListByServiceResponse) []*v3.APIContract { return p.Value })
	var names []string
	for _, r := range rows {
		names = append(names, *r.Name)
	}
	return names
}

// exportOf follows an export to the document.
func exportOf(t *testing.T, w *world, api string) string {
	t.Helper()
	a := w.must(http.StatusOK, "GET", "apis/"+api+"?export=true&format=openapi%2Bjson-link", "")
	link, _ := a.field(t, "properties.value.link").(string)
	return string(w.must(http.StatusOK, "GET", link, "", "Authorization", "").body)
}
