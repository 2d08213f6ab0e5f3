package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"apicenter/internal/emulator/apim"
)

// collection serves a table of entities with all verbs: operations, schemas,
// releases, version sets and the like differ only in what is said here.
type collection[P any] struct {
	class  string // one word, for the error: "Operation"
	param  string // of the route
	locate func(*call) (parent[P], error)
}

// parent is where the entities of one request live.
type parent[P any] struct {
	id, kind string // of the collection: ".../apis/echo/operations"
	table    *apim.Table[*apim.Entity[P]]
	// put writes; nil means that it just sets the entry.
	put func(name string, p P) (*apim.Entity[P], bool, error)
	// remove deletes; nil means that it just drops the entry.
	remove func(name string) error
	// after follows each write that succeeded.
	after func()
}

func (k collection[P]) register(s *Server, pattern string) {
	s.routes.add("list", pattern, map[string]handler{http.MethodGet: k.list})
	s.routes.add("get", pattern+"/{"+k.param+"}", map[string]handler{
		http.MethodGet:    k.get,
		http.MethodPut:    k.put,
		http.MethodPatch:  k.patch,
		http.MethodDelete: k.delete,
	})
}

func (p parent[P]) render(e *apim.Entity[P]) []byte {
	return apim.Marshal(struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		Name       string `json:"name"`
		Properties P      `json:"properties"`
	}{p.id + "/" + e.Name, p.kind, e.Name, e.Properties})
}

func (k collection[P]) list(c *call) (reply, error) {
	p, err := k.locate(c)
	if err != nil {
		return reply{}, err
	}
	return rows(c, p.table.All(), entityField[P], p.render)
}

// entityField looks a field up in the JSON of the entity. That is slow, and
// these lists are short.
func entityField[P any](e *apim.Entity[P]) func(string) string {
	var m map[string]any
	_ = json.Unmarshal(apim.Marshal(e.Properties), &m) // what was just rendered can be read
	return func(name string) string {
		if name == "name" {
			return e.Name
		}
		for k, v := range m {
			if !strings.EqualFold(k, name) {
				continue
			}
			switch v := v.(type) {
			case string:
				return v
			case bool:
				return strconv.FormatBool(v)
			}
		}
		return ""
	}
}

// find is the parent and the entity of a request; the entity may be nil.
func (k collection[P]) find(c *call) (parent[P], *apim.Entity[P], error) {
	p, err := k.locate(c)
	if err != nil {
		return p, nil, err
	}
	return p, p.table.Get(c.arg(k.param)), nil
}

func (k collection[P]) get(c *call) (reply, error) {
	p, e, err := k.find(c)
	if err != nil {
		return reply{}, err
	}
	if e == nil {
		return reply{}, apim.NotFound(k.class)
	}
	return reply{etag: e.ETag, body: p.render(e)}, nil
}

func (k collection[P]) put(c *call) (reply, error) {
	p, old, err := k.find(c)
	if err != nil {
		return reply{}, err
	}
	if old != nil {
		if err := c.precondition(old.ETag); err != nil {
			return reply{}, err
		}
	}
	var in struct {
		Properties P `json:"properties"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	return k.write(c, p, c.arg(k.param), in.Properties)
}

func (k collection[P]) patch(c *call) (reply, error) {
	p, old, err := k.find(c)
	if err != nil {
		return reply{}, err
	}
	if old == nil {
		return reply{}, apim.NotFound(k.class)
	}
	if err := c.precondition(old.ETag); err != nil {
		return reply{}, err
	}
	raw, err := c.properties()
	if err != nil {
		return reply{}, err
	}
	merged, err := apim.Merge(old.Properties, raw)
	if err != nil {
		return reply{}, apim.Invalid("%v", err)
	}
	return k.write(c, p, old.Name, merged)
}

func (k collection[P]) write(c *call, p parent[P], name string, v P) (reply, error) {
	put := p.put
	if put == nil {
		put = func(name string, v P) (*apim.Entity[P], bool, error) {
			e, created := apim.Set(c.server.Cloud, p.table, name, v)
			return e, created, nil
		}
	}
	e, created, err := put(name, v)
	if err != nil {
		return reply{}, err
	}
	if p.after != nil {
		p.after()
	}
	return written(created, e.ETag, p.render(e)), nil
}

func (k collection[P]) delete(c *call) (reply, error) {
	p, old, err := k.find(c)
	if err != nil {
		return reply{}, err
	}
	if old == nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if err := c.precondition(old.ETag); err != nil {
		return reply{}, err
	}
	if p.remove != nil {
		err = p.remove(old.Name)
	} else {
		p.table.Delete(old.Name)
	}
	if err != nil {
		return reply{}, err
	}
	if p.after != nil {
		p.after()
	}
	return reply{status: http.StatusOK}, nil
}
