package catalog_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/inventory"
)

// run runs the catalog; what it gives stops it and waits until it has ended.
func (d *desk) run() (stop func()) {
	ctx, cancel := context.WithCancel(d.ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Catalog.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			d.Error(err)
		}
	}
}

func (d *desk) operation(on inventory.ID, name string) inventory.Operation {
	d.Helper()
	o, err := d.Operation(d.ctx, on, name)
	if err != nil {
		d.Fatal(err)
	}
	return o
}

const everyAPI = gateway + "/apis/*"

func TestImportGoesOnAfterItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		d.source.hold = make(chan struct{})
		ctx, end := context.WithCancel(d.ctx)
		o, err := d.ImportAPIs(ctx, id(center), []string{everyAPI})
		if err != nil {
			t.Fatal(err)
		}
		end() // the request
		time.Sleep(time.Minute)
		synctest.Wait()
		if now := d.operation(o.On, o.Name); now != o || now.Status != inventory.InProgress || now.By != "ada" || now.On != id(center) {
			t.Errorf("while it goes on: %+v, began as %+v", now, o)
		}
		close(d.source.hold)
		synctest.Wait()
		if now := d.operation(o.On, o.Name); now.Status != inventory.Succeeded || now.Ended.Sub(now.Started) != time.Minute || now.Failure != nil {
			t.Errorf("at its end: %+v", now)
		}
		if _, err := d.Operation(d.ctx, id(workspace), o.Name); !errors.Is(err, inventory.NotFound) {
			t.Errorf("asked of another thing: %v", err)
		}
	})
}

func TestOperationsEndInOrderWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		stop := d.run()
		d.source.hold = make(chan struct{})
		o, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if now := d.operation(o.On, o.Name); now.Status != inventory.Broken || !strings.Contains(now.Failure.Message, "the server stopped") {
			t.Errorf("after the server stopped: %+v", now)
		}
		if _, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI}); !errors.Is(err, inventory.Unavailable) {
			t.Errorf("begun when the server had stopped: %v", err)
		}
	})
}

func TestOperationsOfADeadServerHaveFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		o := inventory.Operation{Name: "left", On: id(center), Action: "importFromApim", By: "ada", Status: inventory.InProgress, Started: time.Now()}
		if err := d.store.Update(d.ctx, "ada", func(tx inventory.Tx) error { return tx.PutOperation(o) }); err != nil {
			t.Fatal(err)
		}
		defer d.run()()
		synctest.Wait()
		if now := d.operation(o.On, o.Name); now.Status != inventory.Broken || now.Failure.Code != inventory.Unavailable {
			t.Errorf("%+v", now)
		}
	})
}

func TestWhatBecameOfAnOperationIsKeptForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		time.Sleep(time.Minute) // after a sweep
		o, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		d.operation(o.On, o.Name)
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, err := d.Operation(d.ctx, o.On, o.Name); !errors.Is(err, inventory.NotFound) {
			t.Errorf("after two hours: %v", err)
		}
	})
}

func TestFailuresOfOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		for _, tt := range []struct {
			failure error
			code    inventory.Code
			text    string
		}{
			{inventory.Errorf(inventory.Conflict, "x", "the role is missing"), inventory.Conflict, "the role is missing"},
			{errors.New("secret of the inside"), "", "internal error"},
			{nil, "", "internal error"}, // it panics
		} {
			d.source.failure, d.source.panics = tt.failure, tt.failure == nil
			o, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			now := d.operation(o.On, o.Name)
			if now.Status != inventory.Broken || now.Failure.Code != tt.code || !strings.Contains(now.Failure.Message, tt.text) || strings.Contains(now.Failure.Message, "secret") {
				t.Errorf("%v: %+v, %v", tt.failure, now, now.Failure)
			}
		}
	})
}

func TestOperationsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		d.source.hold = make(chan struct{})
		for range 16 {
			if _, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI}); !errors.Is(err, inventory.Busy) {
			t.Errorf("one too many: %v", err)
		}
		time.Sleep(31 * time.Minute) // each has its time
		synctest.Wait()
		o, err := d.ImportAPIs(d.ctx, id(center), []string{everyAPI})
		if err != nil {
			t.Errorf("after all have ended: %v", err)
		}
		close(d.source.hold)
		synctest.Wait()
		if now := d.operation(o.On, o.Name); now.Status != inventory.Succeeded {
			t.Errorf("%+v", now)
		}
	})
}

// What is wrong at one instance is no reason to leave out the next.
func TestAnImportGoesOnAtTheNextInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		d.source.failure = inventory.Errorf(inventory.NotFound, "", "the source has no such API")
		o, err := d.ImportAPIs(d.ctx, id(center), []string{gateway + "/apis/none", strings.Replace(everyAPI, "gw", "gw2", 1)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if now := d.operation(o.On, o.Name); now.Status != inventory.Broken || now.Failure.Code != inventory.NotFound || len(d.source.imported) != 2 {
			t.Errorf("%+v after imports of %q", now, d.source.imported)
		}
	})
}

func TestImportsNameTheirSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		other := strings.Replace(gateway, "gw", "gw2", 1)
		if _, err := d.ImportAPIs(d.ctx, id(center), []string{gateway + "/apis/a", other + "/apis/*", gateway + "/apis/b/", other + "/apis/c", other + "/workspaces/w/apis/d"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := d.ImportSource(d.ctx, id(workspace), doc(t, linkBody)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []string{
			"ada sub/group/center/workspaces/default " + gateway + ` always ["` + gateway + `/apis/a" "` + gateway + `/apis/b"]`,
			"ada sub/group/center/workspaces/default " + other + ` always []`,
			"ada sub/group/center/workspaces/default " + other + `/workspaces/w always ["` + other + `/workspaces/w/apis/d"]`,
			"ada sub/group/center/workspaces/default " + gateway + ` ondemand []`,
		}
		if !slices.Equal(d.source.imported, want) {
			t.Errorf("imported\n%s\nwant\n%s", strings.Join(d.source.imported, "\n"), strings.Join(want, "\n"))
		}
		for _, ids := range [][]string{nil, {}, {gateway}, {gateway + "/apis/"}, {gateway + "/apis/a/operations/b"}, {"*"}, {everyAPI, "x"}} {
			if _, err := d.ImportAPIs(d.ctx, id(center), ids); !errors.Is(err, inventory.Invalid) {
				t.Errorf("import of %q: %v, want invalid", ids, err)
			}
		}
		for _, body := range []string{
			`{}`, `{"sourceType":"Git","source":"x"}`, `{"sourceType":"AzureApiManagement","source":"x"}`,
			`{"sourceType":"AzureApiManagement","source":"` + gateway + `","importSpecification":"sometimes"}`,
		} {
			if _, err := d.ImportSource(d.ctx, id(workspace), doc(t, body)); !errors.Is(err, inventory.Invalid) {
				t.Errorf("import of %s: %v, want invalid", body, err)
			}
		}
		if _, err := d.ImportAPIs(d.ctx, id("sub/group/none"), []string{everyAPI}); !errors.Is(err, inventory.NoParent) {
			t.Errorf("import into nothing: %v", err)
		}
	})
}

func TestWithoutWhatItNeedsTheCatalogSaysSo(t *testing.T) {
	d := centre(t)
	d.put(workspace+"/apis/pets", `{"title":"P","kind":"rest"}`)
	d.put(workspace+"/apis/pets/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
	definition := workspace + "/apis/pets/versions/v-1/definitions/openapi"
	d.put(definition, `{"title":"O"}`)
	bare := catalog.New(d.store, catalog.Options{})
	if _, err := bare.ImportAPIs(d.ctx, id(center), []string{everyAPI}); !errors.Is(err, inventory.Unavailable) {
		t.Errorf("import: %v", err)
	}
	if _, err := bare.ImportSpecificationFrom(d.ctx, id(definition), "https://x", catalog.Specification{Name: "openapi"}); !errors.Is(err, inventory.Unavailable) {
		t.Errorf("download: %v", err)
	}
}

func TestLinkedDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		d.put(workspace+"/apis/pets", `{"title":"P","kind":"rest"}`)
		d.put(workspace+"/apis/pets/versions/v-1", `{"title":"1","lifecycleStage":"design"}`)
		definition := id(workspace + "/apis/pets/versions/v-1/definitions/openapi")
		d.put(definition.String(), `{"title":"O"}`)
		d.source.documents = map[string]string{"https://x/a": "a document", "https://x/empty": ""}
		o, err := d.ImportSpecificationFrom(d.ctx, definition, "https://x/a", catalog.Specification{Name: " OpenAPI "})
		if err != nil || o.Status != inventory.Succeeded {
			t.Fatalf("%+v, %v", o, err)
		}
		if got := d.document(definition); got != "a document" {
			t.Errorf("imported %q", got)
		}
		d.reads(definition.String(), `{"title":"O","specification":{"name":"openapi","version":""}}`)
		for _, tt := range []struct {
			address, name string
			on            inventory.ID
			want          inventory.Code
		}{
			{"https://x/none", "openapi", definition, inventory.Invalid},
			{"https://x/empty", "openapi", definition, inventory.Invalid},
			{"", "openapi", definition, inventory.Invalid},
			{"https://x/a", " ", definition, inventory.Invalid},
			{"https://x/a", strings.Repeat("x", 101), definition, inventory.Invalid},
			{"https://x/a", "openapi", id(definition.String() + "2"), inventory.NotFound},
		} {
			if _, err := d.ImportSpecificationFrom(d.ctx, tt.on, tt.address, catalog.Specification{Name: tt.name}); !errors.Is(err, tt.want) {
				t.Errorf("%q as %q: %v, want %s", tt.address, tt.name, err, tt.want)
			}
		}
		d.source.hold = make(chan struct{})
		began := time.Now()
		o, err = d.ImportSpecificationFrom(d.ctx, definition, "https://x/a", catalog.Specification{Name: "other"})
		if err != nil || o.Status != inventory.InProgress || time.Since(began) != 3*time.Second {
			t.Errorf("a slow one: %+v, %v after %s", o, err, time.Since(began))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if now := d.operation(definition, o.Name); now.Status != inventory.Broken {
			t.Errorf("one without an end: %+v", now)
		}
	})
}

// document is that of a definition or an analyzer.
func (d *desk) document(of inventory.ID) string {
	d.Helper()
	r, err := d.Get(d.ctx, of)
	if err != nil {
		d.Fatal(err)
	}
	body, _, err := d.Document(d.ctx, r.Document)
	if err != nil {
		d.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

// zipped is an archive of files, by name and content.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRulesets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := centre(t)
		defer d.run()()
		lint := id(workspace + "/analyzerConfigs/lint")
		d.put(lint.String(), `{}`)
		d.reads(lint.String(), `{"title":"lint","analyzerType":"spectral","state":"active"}`)
		if _, err := d.ExportRuleset(d.ctx, lint); !errors.Is(err, inventory.NotFound) {
			t.Errorf("export of nothing: %v", err)
		}
		good := zipped(t, "ruleset.yml", "rules: {}", "functions/check.js", "")
		d.source.documents = map[string]string{"https://x/rules.zip": good, "https://x/readme.zip": zipped(t, "readme.md", "x")}
		b64 := base64.StdEncoding.EncodeToString
		var huge []string
		for i := range 1001 {
			huge = append(huge, fmt.Sprintf("f%d", i), "")
		}
		for _, tt := range []struct{ format, value, file, fault string }{
			{"inline-zip", b64([]byte(good)), "ruleset.yml", ""},
			{"INLINE-JSON", `{"rules":{}}`, "ruleset.json", ""},
			{"inline-yaml", "rules: {}", "ruleset.yaml", ""},
			{"link-zip", "https://x/rules.zip", "ruleset.yml", ""},
			{"link-zip", "https://x/none.zip", "", "cannot be fetched"},
			{"link-zip", "https://x/readme.zip", "", "no ruleset"},
		} {
			o, err := d.ImportRuleset(d.ctx, lint, tt.format, tt.value)
			if err != nil {
				t.Fatalf("%s %.40q: %v", tt.format, tt.value, err)
			}
			synctest.Wait()
			o = d.operation(lint, o.Name)
			if tt.fault != "" {
				if o.Status != inventory.Broken || !strings.Contains(o.Failure.Message, tt.fault) {
					t.Errorf("%s %.40q: %+v %v, want %q", tt.format, tt.value, o, o.Failure, tt.fault)
				}
				continue
			}
			archive := d.document(lint)
			r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
			if err != nil || r.File[0].Name != tt.file {
				t.Errorf("%s: %v, %v", tt.format, r, err)
			}
			d.put(lint.String(), `{"description":"changed","filter":{"apis":[]}}`)
			if d.document(lint) != archive {
				t.Errorf("%s: a put took the ruleset away", tt.format)
			}
		}
		before := d.document(lint)
		for _, tt := range []struct {
			on            inventory.ID
			format, value string
			code          inventory.Code
			fault         string
		}{
			{lint, "tar", "x", inventory.Invalid, "not known"},
			{lint, "inline-json", "", inventory.Invalid, "required"},
			{id(lint.String() + "2"), "inline-json", "{}", inventory.NotFound, "lint2"},
			{lint, "inline-json", `{`, inventory.Invalid, "not JSON"},
			{lint, "inline-zip", "!", inventory.Invalid, "not base64"},
			{lint, "inline-zip", b64([]byte("no archive")), inventory.Invalid, "not a zip archive"},
			{lint, "inline-zip", b64([]byte(zipped(t, "readme.md", "x"))), inventory.Invalid, "no ruleset"},
			{lint, "inline-zip", b64([]byte(zipped(t, "ruleset.yaml", "x", "../../etc/passwd", "x"))), inventory.Invalid, "cannot be the path"},
			{lint, "inline-zip", b64([]byte(zipped(t, "ruleset.yaml", "x", `..\x`, "x"))), inventory.Invalid, "cannot be the path"},
			{lint, "inline-zip", b64([]byte(zipped(t, huge...))), inventory.Invalid, "1001 files"},
		} {
			if _, err := d.ImportRuleset(d.ctx, tt.on, tt.format, tt.value); !errors.Is(err, tt.code) || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s %.40q: %v, want %s: %s", tt.format, tt.value, err, tt.code, tt.fault)
			}
		}
		if d.document(lint) != before {
			t.Error("what was refused changed the ruleset")
		}
	})
}
