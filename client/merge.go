package client

import (
	"context"
	"iter"
	"time"
)

// Merge makes the API one with another of the workspace, by name or id, which goes
// on with all that both have, and gives that.
func (a APIRef) Merge(ctx context.Context, into string) (r Resource[API], err error) {
	return r, a.post(ctx, "merge", struct {
		Into string `json:"into"`
	}{into}, &r)
}

// Unmerge takes what a link has of the API out of it again, and gives the API that
// this is from then on.
func (a APIRef) Unmerge(ctx context.Context, link string) (r Resource[API], err error) {
	return r, a.post(ctx, "unmerge", ofLink{link}, &r)
}

// Lead has the title and description that a link states of the API go first.
func (a APIRef) Lead(ctx context.Context, link string) (r Resource[API], err error) {
	return r, a.post(ctx, "lead", ofLink{link}, &r)
}

type ofLink struct {
	Link string `json:"link"`
}

// SourceOf is a link that an API came by.
type SourceOf struct {
	Name       string    `json:"name"`
	ExternalID string    `json:"externalId"` // the source's identity of the API
	Leads      bool      `json:"leads"`
	ReadAt     time.Time `json:"readAt"`
}

// Sources are the links that the API came by, the one that leads first.
func (a APIRef) Sources(ctx context.Context) iter.Seq2[SourceOf, error] {
	return Items[SourceOf](ctx, a.c, Request{Path: a.path + "/sources", APIVersion: preview})
}
