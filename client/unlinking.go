package client

import "context"

// Unlinking is what becomes of all that a link brought when it is deleted.
type Unlinking struct {
	Goes             Amount    `json:"goes"`             // with the link
	Keeps            Amount    `json:"keeps"`            // stays as the center's own if it is handed over
	Edited           int       `json:"edited"`           // entries that go and have words or work of people
	Shared           int       `json:"shared"`           // APIs that stay
	TombstoneSeconds int64     `json:"tombstoneSeconds"` // for how long those words are kept; 0: for ever
	Entries          []Parting `json:"entries"`
	Omitted          int       `json:"omitted"` // entries that are not listed
}

// Amount counts things by kind.
type Amount struct {
	APIs         int `json:"apis"`
	Versions     int `json:"versions"`
	Definitions  int `json:"definitions"`
	Deployments  int `json:"deployments"`
	Environments int `json:"environments"`
	Made         int `json:"made"` // by people; in none of the others
}

// Parting is what becomes of one API, or of the environment.
type Parting struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Goes   bool     `json:"goes"`
	Why    string   `json:"why"`   // it stays
	Links  []string `json:"links"` // the others that bring it, by name
	Parts  Amount   `json:"parts"` // of it, that go
	Edited bool     `json:"edited"`
}

// PreviewDelete says what Delete would take along, and what HandOver would leave.
func (a APISourceRef) PreviewDelete(ctx context.Context) (u Unlinking, err error) {
	return u, a.c.run(ctx, Request{Path: a.path + "/previewDelete", APIVersion: preview}, &u)
}
