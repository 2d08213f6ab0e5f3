package retail_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"apicenter/internal/emulator/retail"
)

func TestInstanceIsFreshAndTheSame(t *testing.T) {
	a, b := retail.Instance(), retail.Instance()
	if !reflect.DeepEqual(a, b) {
		t.Fatal("two instances differ")
	}
	a.APIs[0].Document[0] = '!'
	a.APIs[0].Tags[0] = "changed"
	if !reflect.DeepEqual(b, retail.Instance()) {
		t.Error("a change of one instance shows in the next")
	}
}

func TestFirstAPIIsPlain(t *testing.T) {
	a := retail.Instance().APIs[0]
	if a.Type != retail.TypeHTTP || a.Revision != 1 || len(a.Revisions) != 0 || a.Version != "" || a.VersionSet != "" {
		t.Errorf("first API is %s (%s), revision %d with %d others, version %q of set %q; want plain http",
			a.Name, a.Type, a.Revision, len(a.Revisions), a.Version, a.VersionSet)
	}
}

func TestEveryTypeAndSchemeIsShown(t *testing.T) {
	s := retail.Instance()
	types, schemes := map[string]bool{}, map[string]bool{}
	for _, a := range s.APIs {
		types[a.Type] = true
	}
	for _, v := range s.VersionSets {
		schemes[v.Scheme] = true
	}
	for _, want := range []string{
		retail.TypeHTTP, retail.TypeSOAP, retail.TypeGraphQL, retail.TypeWebSocket,
		retail.TypeMCP, retail.TypeA2A, retail.TypeGRPC, retail.TypeOData,
	} {
		if !types[want] {
			t.Errorf("no API of type %s", want)
		}
	}
	for _, want := range []string{retail.SchemeSegment, retail.SchemeQuery, retail.SchemeHeader} {
		if !schemes[want] {
			t.Errorf("no version set with scheme %s", want)
		}
	}
	if n := len(s.APIs); n < 20 || n > 35 {
		t.Errorf("%d APIs, want some 25", n)
	}
	if len(s.Workspaces) == 0 || len(s.Products) != 2 || len(s.CustomHosts) == 0 {
		t.Errorf("%d workspaces, %d products, %d hosts; want at least 1, exactly 2, at least 1",
			len(s.Workspaces), len(s.Products), len(s.CustomHosts))
	}
}

func TestInstanceIsConsistent(t *testing.T) {
	checkInstance(t, retail.Instance())
}

func TestInstanceIsConsistentAfterEachChange(t *testing.T) {
	s := retail.Instance()
	seen := map[string]bool{}
	for _, c := range retail.Changes() {
		t.Run(string(c.Kind), func(t *testing.T) {
			if seen[c.API.Name] {
				t.Errorf("%s is changed twice", c.API.Name)
			}
			seen[c.API.Name] = true
			i := slices.IndexFunc(s.APIs, func(a retail.API) bool { return a.Name == c.API.Name })
			isNew := c.Kind == retail.ChangeNew || c.Kind == retail.ChangeVersion
			if (i < 0) != isNew {
				t.Fatalf("%s: %s of an API that is at %d in the instance", c.API.Name, c.Kind, i)
			}
			switch {
			case isNew:
				s.APIs = append(s.APIs, c.API)
			case c.Kind == retail.ChangeRemoval:
				if !reflect.DeepEqual(s.APIs[i], c.API) {
					t.Errorf("%s is not what is removed", c.API.Name)
				}
				s.APIs = slices.Delete(s.APIs, i, i+1)
			default:
				if reflect.DeepEqual(s.APIs[i], c.API) {
					t.Errorf("%s: %s changes nothing", c.API.Name, c.Kind)
				}
				s.APIs[i] = c.API
			}
			checkInstance(t, s)
		})
	}
}

func TestChangesDoWhatTheirKindSays(t *testing.T) {
	before := map[string]retail.API{}
	for _, a := range retail.Instance().APIs {
		before[a.Name] = a
	}
	for _, c := range retail.Changes() {
		old, now := before[c.API.Name], c.API
		var ok bool
		switch c.Kind {
		case retail.ChangeOperation:
			ok = len(operations(t, now.Document)) > len(operations(t, old.Document))
			now.Document = old.Document
			ok = ok && reflect.DeepEqual(old, now)
		case retail.ChangeVersion:
			ok = now.VersionSet != "" && now.Version != ""
		case retail.ChangeRename:
			ok = now.DisplayName != old.DisplayName
		case retail.ChangePath:
			ok = now.Path != old.Path
		case retail.ChangeRelease:
			ok = now.Revision > old.Revision && !bytes.Equal(now.Document, old.Document)
		case retail.ChangeNew, retail.ChangeRemoval:
			ok = true
		}
		if !ok {
			t.Errorf("%s of %s is something else", c.Kind, c.API.Name)
		}
		if c.Note == "" {
			t.Errorf("%s of %s has no note", c.Kind, c.API.Name)
		}
	}
}

func TestDocumentsAreValid(t *testing.T) {
	for _, a := range everyAPI() {
		checkDocument(t, a)
		for _, r := range a.Revisions {
			if r.Document != nil {
				checkOpenAPI(t, a.Name, r.Document)
			}
		}
	}
}

func TestDocumentsAreCalledLikeTheirAPI(t *testing.T) {
	for _, a := range retail.Instance().APIs {
		if a.Format != retail.FormatOpenAPI {
			continue
		}
		var doc struct{ Info struct{ Title string } }
		if err := json.Unmarshal(a.Document, &doc); err != nil || doc.Info.Title != a.DisplayName {
			t.Errorf("%s is called %q, its document %q (%v)", a.Name, a.DisplayName, doc.Info.Title, err)
		}
	}
}

// TestEveryFileIsUsed catches a document whose name fits no API.
func TestEveryFileIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, a := range everyAPI() {
		used[string(a.Document)] = true
		for _, r := range a.Revisions {
			used[string(r.Document)] = true
		}
		if a.Agent != nil {
			used[string(a.Agent.Card)] = true
		}
	}
	err := filepath.WalkDir("specs", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && !used[string(data)] {
			t.Errorf("%s belongs to no API", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// everyAPI returns the APIs of the service, its workspaces and the changes.
func everyAPI() []retail.API {
	s := retail.Instance()
	apis := s.APIs
	for _, w := range s.Workspaces {
		apis = append(apis, w.APIs...)
	}
	for _, c := range retail.Changes() {
		apis = append(apis, c.API)
	}
	return apis
}

// checkInstance checks the rules that hold for every APIM instance, whatever
// its documents say.
func checkInstance(t *testing.T, s retail.Service) {
	t.Helper()
	products := map[string]bool{}
	for _, p := range s.Products {
		products[p.Name] = true
	}
	paths := map[string]string{} // shared with the workspaces: one gateway for all
	checkAPIs(t, s.VersionSets, s.APIs, paths)
	for _, w := range s.Workspaces {
		checkAPIs(t, w.VersionSets, w.APIs, paths)
	}

	byName := map[string]retail.API{}
	for _, a := range s.APIs {
		byName[a.Name] = a
		for _, p := range a.Products {
			if !products[p] {
				t.Errorf("%s is in product %q, which does not exist", a.Name, p)
			}
		}
		for _, tag := range a.Tags {
			if !slices.Contains(s.Tags, tag) {
				t.Errorf("%s has tag %q, which does not exist", a.Name, tag)
			}
		}
	}
	for _, a := range s.APIs {
		if a.MCP == nil {
			continue
		}
		for _, tool := range a.MCP.Tools {
			if ids := operations(t, byName[tool.API].Document); !slices.Contains(ids, tool.Operation) {
				t.Errorf("%s: tool %s needs operation %s of %s, which does not exist", a.Name, tool.Name, tool.Operation, tool.API)
			}
		}
	}
}

func checkAPIs(t *testing.T, sets []retail.VersionSet, apis []retail.API, paths map[string]string) {
	t.Helper()
	members := map[string]int{}
	for _, v := range sets {
		if (v.Scheme == retail.SchemeQuery) != (v.QueryName != "") || (v.Scheme == retail.SchemeHeader) != (v.HeaderName != "") {
			t.Errorf("set %s: scheme %s with query %q and header %q", v.Name, v.Scheme, v.QueryName, v.HeaderName)
		}
		if _, twice := members[v.Name]; twice {
			t.Errorf("two version sets %s", v.Name)
		}
		members[v.Name] = 0
	}
	names := map[string]bool{}
	for _, a := range apis {
		if names[a.Name] {
			t.Errorf("two APIs %s", a.Name)
		}
		names[a.Name] = true
		if other, taken := paths[a.Path+" "+a.Version]; taken {
			t.Errorf("%s and %s share path %q and version %q", a.Name, other, a.Path, a.Version)
		}
		paths[a.Path+" "+a.Version] = a.Name
		if strings.Trim(a.Path, "/") != a.Path {
			t.Errorf("%s: path %q has a slash at an end", a.Name, a.Path)
		}
		if a.VersionSet != "" {
			if _, ok := members[a.VersionSet]; !ok {
				t.Errorf("%s is in version set %q, which does not exist", a.Name, a.VersionSet)
			}
			members[a.VersionSet]++
		} else if a.Version != "" {
			t.Errorf("%s has version %s and no set", a.Name, a.Version)
		}
		if a.DisplayName == "" || a.Description == "" || len(a.Protocols) == 0 {
			t.Errorf("%s lacks a title, a description or protocols", a.Name)
		}
		checkRevisions(t, a)
	}
	for set, n := range members {
		if n < 2 {
			t.Errorf("version set %s has %d members, want at least 2", set, n)
		}
	}
}

func checkRevisions(t *testing.T, a retail.API) {
	t.Helper()
	numbers := []int{a.Revision}
	for _, r := range a.Revisions {
		numbers = append(numbers, r.Number)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 {
			t.Errorf("%s has revisions %v, want 1 to %d", a.Name, numbers, len(numbers))
			break
		}
	}
	if n := len(a.Releases); n > 0 && a.Releases[n-1].Revision != a.Revision {
		t.Errorf("%s: current revision is %d, the last release is of %d", a.Name, a.Revision, a.Releases[n-1].Revision)
	}
}

func checkDocument(t *testing.T, a retail.API) {
	t.Helper()
	want := map[string]string{
		retail.TypeHTTP:    retail.FormatOpenAPI,
		retail.TypeSOAP:    retail.FormatWSDL,
		retail.TypeGraphQL: retail.FormatGraphQL,
		retail.TypeGRPC:    retail.FormatProto,
		retail.TypeOData:   retail.FormatEDMX,
	}[a.Type]
	if a.Format != want || (len(a.Document) > 0) != (want != "") {
		t.Errorf("%s (%s) has a document of %d bytes in format %q, want format %q", a.Name, a.Type, len(a.Document), a.Format, want)
		return
	}
	if (a.Type == retail.TypeMCP) != (a.MCP != nil) || (a.Type == retail.TypeA2A) != (a.Agent != nil) {
		t.Errorf("%s (%s) and its special parts do not fit", a.Name, a.Type)
	}
	if a.Agent != nil && !json.Valid(a.Agent.Card) {
		t.Errorf("%s: agent card is not JSON", a.Name)
	}
	switch a.Format {
	case retail.FormatOpenAPI:
		checkOpenAPI(t, a.Name, a.Document)
	case retail.FormatWSDL:
		checkXML(t, a.Name, a.Document, "definitions", "types", "portType", "binding", "service")
	case retail.FormatEDMX:
		checkXML(t, a.Name, a.Document, "Edmx", "DataServices", "EntityContainer")
	case retail.FormatGraphQL:
		checkText(t, a.Name, a.Document, "type Query {")
	case retail.FormatProto:
		checkText(t, a.Name, a.Document, `syntax = "proto3";`, "\nservice ")
	}
}

// checkOpenAPI checks that a document is OpenAPI 3.0 that hangs together.
func checkOpenAPI(t *testing.T, name string, data []byte) {
	t.Helper()
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version, Description string }
		Paths   map[string]map[string]struct {
			Summary   string
			Responses map[string]any
		}
	}
	var tree any
	if err := errors.Join(json.Unmarshal(data, &doc), json.Unmarshal(data, &tree)); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") || doc.Info.Title == "" || doc.Info.Version == "" || doc.Info.Description == "" || len(doc.Paths) == 0 {
		t.Errorf("%s: openapi %q, title %q, version %q, %d paths", name, doc.OpenAPI, doc.Info.Title, doc.Info.Version, len(doc.Paths))
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Summary == "" || len(op.Responses) == 0 {
				t.Errorf("%s: %s %s lacks a summary or responses", name, method, path)
			}
		}
	}
	ids := operations(t, data)
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		t.Errorf("%s: operation ids are not unique: %v", name, ids)
	}
	for _, id := range ids {
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz-") != "" || id == "" {
			t.Errorf("%s: operation id %q, want lower case and dashes", name, id)
		}
	}
	for ref := range references(tree) {
		if !resolves(tree, ref) {
			t.Errorf("%s: %s leads nowhere", name, ref)
		}
	}
}

// operations returns the operation ids of an OpenAPI document.
func operations(t *testing.T, data []byte) []string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Errorf("read operations: %v", err)
	}
	var ids []string
	for _, methods := range doc.Paths {
		for _, op := range methods {
			ids = append(ids, op.OperationID)
		}
	}
	return ids
}

// references collects each value of a "$ref" in a tree of JSON.
func references(tree any) map[string]bool {
	found := map[string]bool{}
	switch node := tree.(type) {
	case map[string]any:
		for key, child := range node {
			if ref, ok := child.(string); ok && key == "$ref" {
				found[ref] = true
			}
			maps.Copy(found, references(child))
		}
	case []any:
		for _, child := range node {
			maps.Copy(found, references(child))
		}
	}
	return found
}

// resolves tells whether a local reference leads to something.
func resolves(tree any, ref string) bool {
	pointer, local := strings.CutPrefix(ref, "#/")
	if !local {
		return false
	}
	for key := range strings.SplitSeq(pointer, "/") {
		node, ok := tree.(map[string]any)
		if !ok || node[key] == nil {
			return false
		}
		tree = node[key]
	}
	return true
}

// checkXML checks that a document is well-formed and has some elements.
func checkXML(t *testing.T, name string, data []byte, elements ...string) {
	t.Helper()
	seen := map[string]bool{}
	for dec := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if start, ok := token.(xml.StartElement); ok {
			seen[start.Name.Local] = true
		}
	}
	for _, want := range elements {
		if !seen[want] {
			t.Errorf("%s: no element %s", name, want)
		}
	}
}

func checkText(t *testing.T, name string, data []byte, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s: no %q", name, want)
		}
	}
	if open, shut := bytes.Count(data, []byte("{")), bytes.Count(data, []byte("}")); open != shut {
		t.Errorf("%s: %d braces opened, %d closed", name, open, shut)
	}
}
