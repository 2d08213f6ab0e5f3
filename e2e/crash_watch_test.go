package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"apicenter/e2e/system"
)

// watch reads the victim as fast as it can, while it works, and cries when it
// sees half an API.
func (c *crash) watch(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if center := c.reader.Load(); center != nil {
			err := look(ctx, center)
			if _, answered := errors.AsType[*system.StatusError](err); answered || errors.Is(err, errHalf) {
				c.Errorf("a reader saw: %v", err)
			} else if err == nil { // else the server was killed under it
				c.looks.Add(1)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

var errHalf = errors.New("half an API")

func look(ctx context.Context, center *system.Center) error {
	apis, err := center.List(ctx, center.Workspace()+"/apis")
	if err != nil {
		return err
	}
	for _, a := range apis {
		whole, err := center.Subtree(ctx, a, false)
		if system.Gone(err) {
			continue // something went, with all it had, while we read
		}
		if err != nil {
			return err
		}
		lacks, missing := missingIn(whole)
		if missing == "" {
			continue
		}
		// It may have gone since it was listed: then it is not there, or another is in its place.
		now, err := center.Get(ctx, lacks.ID)
		if system.Gone(err) || err == nil && now.SystemData != lacks.SystemData {
			continue
		}
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: %s has %s", errHalf, lacks.ID, missing)
	}
	return nil
}

// missingIn finds what an API lacks: each has a version and a deployment, each
// version a definition.
func missingIn(a system.API) (lacks system.Thing, missing string) {
	if len(a.Versions) == 0 {
		return a.Thing, "no version"
	}
	for _, v := range a.Versions {
		if len(v.Definitions) != 1 {
			return v.Thing, fmt.Sprintf("%d definitions", len(v.Definitions))
		}
	}
	if len(a.Deployments) == 0 {
		return a.Thing, "no deployment"
	}
	return system.Thing{}, ""
}

// compareWithUndisturbed compares all that the two servers show.
func (c *crash) compareWithUndisturbed() {
	c.Helper()
	suffered, err := c.victim.center.Face(c.Context())
	c.must(err)
	calm, err := c.calm.center.Face(c.Context())
	c.must(err)
	if !maps.Equal(calm, suffered) {
		c.Errorf("after the kills the inventory is not that of an undisturbed server:\n%s", difference(calm, suffered))
	}
	if c.anew == 0 {
		c.Error("nobody has read what the kills left")
	}
	spoken := 0
	for _, face := range suffered {
		if strings.Contains(face, words) {
			spoken++
		}
	}
	if spoken == 0 {
		c.Error("the words of a person are lost")
	}
	c.Logf("compared %d things, after %d looks at them, %d of these after kills; the words of a person are on %d APIs", len(calm), c.looks.Load(), c.anew, spoken)
	c.must(c.victim.center.Stop())
	c.must(c.calm.center.Stop())
}

// difference shows where two maps differ, the first few lines.
func difference(want, got map[string]string) string {
	var lines []string
	for k, w := range want {
		if g, ok := got[k]; !ok {
			lines = append(lines, fmt.Sprintf("missing  %s: %s", k, w))
		} else if g != w {
			lines = append(lines, fmt.Sprintf("differs  %s:\n  want %s\n  got  %s", k, w, g))
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			lines = append(lines, fmt.Sprintf("too much %s: %s", k, g))
		}
	}
	slices.Sort(lines)
	const most = 20
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}
