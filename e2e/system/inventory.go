package system

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// readers is how many documents are read at once; the largest has 47 MB.
const readers = 4

// API is an API of the center with all that hangs on it.
type API struct {
	Thing
	Versions    []Version
	Deployments []Thing
}

// Version is a version with its definitions.
type Version struct {
	Thing
	Definitions []Definition
}

// Definition is a definition with the SHA-256 of its document.
type Definition struct {
	Thing
	Document string
}

// Subtree reads all that hangs on an API, its documents too if asked.
func (c *Center) Subtree(ctx context.Context, api Thing, documents bool) (API, error) {
	out := API{Thing: api}
	versions, err := c.List(ctx, api.ID+"/versions")
	if err != nil {
		return API{}, err
	}
	for _, v := range versions {
		definitions, err := c.definitions(ctx, v, documents)
		if err != nil {
			return API{}, err
		}
		out.Versions = append(out.Versions, Version{v, definitions})
	}
	out.Deployments, err = c.List(ctx, api.ID+"/deployments")
	return out, err
}

func (c *Center) definitions(ctx context.Context, version Thing, documents bool) ([]Definition, error) {
	things, err := c.List(ctx, version.ID+"/definitions")
	if err != nil {
		return nil, err
	}
	out := make([]Definition, len(things))
	for i, d := range things {
		out[i] = Definition{Thing: d}
		if !documents {
			continue
		}
		document, err := c.Export(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		out[i].Document = Digest(document)
	}
	return out, nil
}

// Inventory reads every API of the default workspace with all that hangs on it.
func (c *Center) Inventory(ctx context.Context) ([]API, error) {
	apis, err := c.List(ctx, c.Workspace()+"/apis")
	if err != nil {
		return nil, err
	}
	out := make([]API, len(apis))
	err = Each(len(apis), readers, func(i int) (err error) {
		out[i], err = c.Subtree(ctx, apis[i], true)
		return err
	})
	return out, err
}

// Face is the inventory as a reader sees it, a line a thing, by its path below
// the service: what it is, without when it came to be so. Two servers that are
// in step with the same source show the same face.
func (c *Center) Face(ctx context.Context) (map[string]string, error) {
	apis, err := c.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	environments, err := c.List(ctx, c.Workspace()+"/environments")
	if err != nil {
		return nil, err
	}
	face := map[string]string{}
	add := func(t Thing, document string) {
		path := c.Path(t)
		for _, taken := face[path]; taken; _, taken = face[path] {
			path += " (twice)"
		}
		face[path] = canonical(t.Properties) + " " + document
	}
	for _, e := range environments {
		add(e, "")
	}
	for _, a := range apis {
		add(a.Thing, "")
		for _, v := range a.Versions {
			add(v.Thing, "")
			for _, d := range v.Definitions {
				add(d.Thing, d.Document)
			}
		}
		for _, d := range a.Deployments {
			add(d, "")
		}
	}
	return face, nil
}

// Path names a thing below the service, in lower case.
func (c *Center) Path(t Thing) string {
	return strings.TrimPrefix(strings.ToLower(t.ID), strings.ToLower(c.Ready.ServiceID))
}

// canonical is JSON with its members in order.
func canonical(raw json.RawMessage) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Sprintf("%s (%v)", raw, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Digest is the SHA-256 of a document, in hex.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// Each calls f for 0 to n-1, a few at once, and gives one of the errors.
func Each(n, atOnce int, f func(i int) error) error {
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
		work  = make(chan int)
	)
	for range atOnce {
		wg.Go(func() {
			for i := range work {
				if err := f(i); err != nil {
					once.Do(func() { first = err })
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	return first
}
