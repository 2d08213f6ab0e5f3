package simulation

import (
	"errors"
	"fmt"
	"time"

	"apicenter/internal/catalog"
	"apicenter/internal/emulator/apim"
	"apicenter/internal/inventory"
)

// rename has the source become another instance, and people link that in the
// place of the old one: what they said of its things is to stand.
func (w *world) rename(d *dice) {
	if !w.linked {
		return
	}
	w.revive()
	w.seen.unlinked, w.linked = true, false
	w.tell("delete the link", w.catalog.Delete(w.people.ctx, link, catalog.Match{}))
	w.workOn(w.workers[0], link, time.Now().Add(time.Minute)) // another link's requests take none of this
	w.work(w.workers[0], time.Minute)
	if s := w.status(); s.State != "" {
		w.fault("a link that was deleted is there still: %s", s.State)
		return
	}
	old := w.instance
	if err := w.origin.rename(); err != nil {
		w.fault("the source could not become another instance: %v", err)
	}
	w.instance = w.origin.service.ID()
	w.relink(w.draft(d))
	if d.chance(0.5) {
		w.work(w.workers[0], time.Minute)
	}
	got, err := w.catalog.Inherit(w.people.ctx, link, old)
	if w.say("  %+v, %v", got, err); err != nil && !errors.Is(err, inventory.Invalid) { // nothing is kept
		w.fault("inherit: %v", err)
	}
	w.work(w.workers[0], time.Minute)
}

// rename makes another instance that has all that this one has.
func (o *origin) rename() error {
	o.count++
	was := o.service
	clear(o.spans) // nothing was there before
	return o.update(func() error {
		o.cloud.DeleteService(o.named)
		o.named = fmt.Sprintf("%s-%d", was.Name, o.count)
		var err error
		if o.service, _, err = o.cloud.PutService(was.Group, o.named, contract("")); err != nil {
			return err
		}
		err = copySpace(&o.service.Space, &was.Space)
		for _, from := range was.Workspaces.All() {
			to, _, failed := o.service.PutWorkspace(from.Name, apim.WorkspaceContract{DisplayName: "Team"})
			if err = errors.Join(err, failed); failed == nil {
				err = errors.Join(err, copySpace(&to.Space, &from.Space))
			}
		}
		return err
	})
}

func copySpace(to, from *apim.Space) (err error) {
	for _, set := range from.VersionSets.All() {
		_, _, failed := to.PutVersionSet(set.Name, set.Properties)
		err = errors.Join(err, failed)
	}
	for _, a := range from.APIs.All() {
		p := a.Current.Properties
		ch := apim.Change{Properties: apim.Properties{
			DisplayName: p.DisplayName, Path: p.Path, Description: p.Description, APIVersion: p.APIVersion,
		}, Document: a.Current.Export()}
		if set := from.SetOf(p.APIVersionSetID); set != nil {
			ch.APIVersionSetID = to.SetID(set.Name)
		}
		_, _, failed := to.PutAPI(a.Name, ch)
		err = errors.Join(err, failed)
	}
	return err
}
