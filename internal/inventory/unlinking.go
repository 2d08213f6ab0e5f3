package inventory

import (
	"slices"
	"time"
)

// Unlinking is what becomes of all that a link brought when it is deleted.
type Unlinking struct {
	Goes    Amount        // with the link, unless it hands over
	Keeps   Amount        // would become people's own if it does; shared entries have a part of it
	Edited  int           // entries that go and have words or work of people, which tombstones keep
	Shared  int           // APIs that stay because others bring them, too
	Entries []Parting     // APIs, oldest first, then the environment
	Kept    time.Duration // for how long tombstones are; 0: for ever
}

// Parting is what becomes of one API or of the environment.
type Parting struct {
	Resource Resource
	Goes     bool
	Why      string   // it stays
	Links    []string // names of the others that bring it
	Parts    Amount   // of it, that go
	Edited   bool     // people have written to it, or to something in it
}

// Amount counts things by kind.
type Amount struct {
	APIs         int `json:"apis"`
	Versions     int `json:"versions"`
	Definitions  int `json:"definitions"`
	Deployments  int `json:"deployments"`
	Environments int `json:"environments"`
	Made         int `json:"made"` // by people, below what a source brought; in none of the others
}

// Count adds a record.
func (a *Amount) Count(rec Record) {
	if len(rec.Origins) == 0 {
		a.Made++
		return
	}
	switch rec.ID.Kind() {
	case KindAPI:
		a.APIs++
	case KindVersion:
		a.Versions++
	case KindDefinition:
		a.Definitions++
	case KindDeployment:
		a.Deployments++
	case KindEnvironment:
		a.Environments++
	}
}

// Leaving are those of records, parents first, that go when a link drops what it
// states of them: what no other link states and none handed over, with all that
// people made below it. What holds something that stays, stays.
func Leaving(all []Record, link ID) []Record {
	stays := map[ID]bool{}
	for _, rec := range slices.Backward(all) {
		others := slices.ContainsFunc(rec.Origins, func(o Origin) bool { return o.Link != link })
		if _, people := rec.Own[FieldHandedOver]; others || people || stays[rec.ID] {
			stays[rec.ID], stays[rec.ID.Parent()] = true, true
		}
	}
	goes := map[ID]bool{}
	var leaving []Record
	for _, rec := range all {
		if !stays[rec.ID] && (rec.Of(link) || goes[rec.ID.Parent()]) {
			goes[rec.ID] = true
			leaving = append(leaving, rec)
		}
	}
	return leaving
}

// Of says that a link states something of the resource.
func (r Record) Of(link ID) bool {
	return slices.ContainsFunc(r.Origins, func(o Origin) bool { return o.Link == link })
}
