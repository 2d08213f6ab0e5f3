package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

func TestAlterSeveral(t *testing.T) {
	d := centre(t)
	var apis []catalog.Tagged
	for i := range 250 { // of several transactions
		r := d.put(fmt.Sprintf("%s/apis/api%d", workspace, i), `{"title":"x","kind":"rest"}`)
		apis = append(apis, catalog.Tagged{API: r.ID, Tag: catalog.TagOf(r)})
	}
	d.put(apis[7].API.String(), `{"title":"y","kind":"rest"}`) // somebody else was there
	apis = append(apis, catalog.Tagged{API: id(workspace + "/apis/nowhere")})
	set := inventory.Doc{"/contacts": json.RawMessage(`[{"name":"Ann"}]`), "/summary": json.RawMessage("null")}
	preview, err := d.PreviewAlter(d.ctx, apis, set)
	if err != nil {
		t.Fatal(err)
	}
	done, err := d.Alter(d.ctx, apis, set)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range done {
		want := map[int]inventory.Code{7: inventory.Changed, 250: inventory.NotFound}[i]
		if inventory.CodeOf(a.Refused) != want || want == "" && len(a.Changes) != 1 {
			t.Errorf("%s: %v %v", a.ID, a.Changes, a.Refused)
		}
		if inventory.CodeOf(preview[i].Refused) != want || len(preview[i].Changes) != len(a.Changes) {
			t.Errorf("%s: the preview says %v %v", a.ID, preview[i].Changes, preview[i].Refused)
		}
	}
	if len(done) != 251 {
		t.Errorf("told of %d", len(done))
	}
	d.reads(apis[249].API.String(), `{"contacts":[{"name":"Ann"}],"customProperties":{},"externalDocumentation":[],"kind":"rest","title":"x"}`)
	d.reads(apis[7].API.String(), `{"contacts":[],"customProperties":{},"externalDocumentation":[],"kind":"rest","title":"y"}`)
	if _, err := d.Alter(t.Context(), apis, set); !errors.Is(err, inventory.Denied) {
		t.Errorf("nobody: %v", err)
	}
}

// What a source determines is refused, whatever else the change would do.
func TestAlterKeepsWhatIsTheSources(t *testing.T) {
	d := linked(t)
	set := inventory.Doc{"/title": json.RawMessage(`"Mine"`), "/summary": json.RawMessage(`"Mine"`)}
	done, err := d.Alter(d.ctx, []catalog.Tagged{{API: id(workspace + "/apis/orders-1")}}, set)
	if err != nil || len(done) != 1 || !errors.Is(done[0].Refused, inventory.Owned) || len(done[0].Changes) > 0 {
		t.Fatalf("%+v %v", done, err)
	}
	done, err = d.Alter(d.ctx, []catalog.Tagged{{API: id(workspace + "/apis/orders-1")}}, inventory.Doc{"/lifecycleStage": json.RawMessage(`"retired"`)})
	if err != nil || done[0].Refused != nil || len(done[0].Changes) != 1 {
		t.Fatalf("%+v %v", done, err)
	}
}
