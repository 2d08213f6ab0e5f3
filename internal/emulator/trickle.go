package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/document"
	"apicenter/internal/emulator/retail"
)

// Trickle lets people work on the first instance: now, and then every so often,
// one change that could happen anywhere, until the context ends. The demo
// instance goes through its own story first. Each change is told in a line.
func (s *Server) Trickle(ctx context.Context, every time.Duration, seed uint64, tell func(string)) error {
	w := worker{
		server: s,
		story:  s.story,
		random: rand.New(rand.NewPCG(seed, 0)),
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		line, err := w.next()
		if err != nil {
			return fmt.Errorf("trickle: %w", err)
		}
		tell(line)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// worker makes changes by the methods that HTTP uses.
type worker struct {
	server *Server
	story  []retail.Change
	random *rand.Rand
	pilots []string // APIs that it added and may delete again, oldest first
	count  int
}

func (w *worker) next() (line string, err error) {
	err = w.server.Cloud.Update(func() (err error) {
		svc := w.server.Instance()
		if svc == nil {
			line = "The instance is gone; nothing to change."
			return nil
		}
		if len(w.story) > 0 {
			ch := w.story[0]
			w.story = w.story[1:]
			line = ch.Note
			return w.server.tellStory(&svc.Space, ch)
		}
		line, err = w.improvise(&svc.Space)
		return err
	})
	return line, err
}

// tellStory makes one change of the demo. What people have changed or deleted
// by hand meanwhile stays so.
func (s *Server) tellStory(space *apim.Space, ch retail.Change) error {
	r := space.Find(ch.API.Name)
	arrives := ch.Kind == retail.ChangeNew || ch.Kind == retail.ChangeVersion
	if arrives != (r == nil) {
		return nil
	}
	switch ch.Kind {
	case retail.ChangeNew, retail.ChangeVersion:
		return s.addRetailAPI(space, ch.API)
	case retail.ChangeRename:
		return space.PatchAPI(r, apim.Marshal(map[string]string{"displayName": ch.API.DisplayName}))
	case retail.ChangePath:
		return space.PatchAPI(r, apim.Marshal(map[string]string{"path": ch.API.Path}))
	case retail.ChangeOperation:
		put, err := retailChange(ch.API, retail.Revision{Number: r.Number, Online: true, Document: ch.API.Document})
		if err != nil {
			return err
		}
		_, _, err = space.PutAPI(ch.API.Name, put)
		return err
	case retail.ChangeRelease:
		rel := ch.API.Releases[len(ch.API.Releases)-1]
		_, _, err := space.PutRelease(r.API, fmt.Sprintf("release-%d", r.API.Releases.Len()+1), apim.Release{
			APIID: fmt.Sprintf("/apis/%s;rev=%d", ch.API.Name, rel.Revision), Notes: &rel.Notes,
		})
		return err
	case retail.ChangeRemoval:
		return space.DeleteAPI(ch.API.Name, true)
	default:
		return fmt.Errorf("the story has a change of kind %q, which nobody knows", ch.Kind)
	}
}

// maxPilots is how many APIs of its own a worker leaves standing.
const maxPilots = 5

// improvise makes a change to an API picked at random.
func (w *worker) improvise(space *apim.Space) (string, error) {
	w.count++
	apis := space.APIs.All()
	switch kind := w.random.IntN(4); {
	case kind == 0 && len(w.pilots) >= maxPilots:
		name := w.pilots[0]
		w.pilots = w.pilots[1:]
		if space.Find(name) == nil {
			return "Somebody was faster: " + name + " is gone already.", nil
		}
		return "The pilot " + name + " has ended.", space.DeleteAPI(name, true)
	case kind <= 1 || len(apis) == 0:
		return w.pilot(space)
	case kind == 2:
		r := apis[w.random.IntN(len(apis))].Current
		text := fmt.Sprintf("%s (reviewed, no. %d)", r.Properties.DisplayName, w.count)
		return r.Properties.DisplayName + " has a new description.", space.PatchAPI(r, apim.Marshal(map[string]string{"description": text}))
	default:
		r := apis[w.random.IntN(len(apis))].Current
		if r.Properties.Type != "http" {
			return w.pilot(space)
		}
		name := fmt.Sprintf("check-%d", w.count)
		return r.Properties.DisplayName + " has a new operation, " + name + ".", space.PutOperation(r, name, apim.Operation{
			DisplayName: fmt.Sprintf("Check %d", w.count), Method: "GET", URLTemplate: "/" + name, TemplateParameters: json.RawMessage("[]"),
		})
	}
}

func (w *worker) pilot(space *apim.Space) (string, error) {
	noun := nouns[w.random.IntN(len(nouns))]
	name := fmt.Sprintf("pilot-%s-%d", noun, w.count)
	title := fmt.Sprintf("Pilot: %s %d", noun, w.count)
	seed := w.random.Uint64()
	_, _, err := space.PutAPI(name, apim.Change{
		Properties: apim.Properties{DisplayName: title, Path: "pilots/" + name},
		Document:   apim.Generated(document.OpenAPIJSON, func() []byte { return synthetic(title, noun, seed, 0) }),
	})
	w.pilots = append(w.pilots, name)
	return title + " appears.", err
}
