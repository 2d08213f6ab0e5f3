package retail

import "slices"

// ChangeKind says what sort of change it is; the new state alone would do.
type ChangeKind string

// Kinds of a change.
const (
	ChangeOperation ChangeKind = "operation" // the document gained an operation, the API itself is as before
	ChangeNew       ChangeKind = "new"       // an API that was not there
	ChangeVersion   ChangeKind = "version"   // a new version in an existing set
	ChangeRename    ChangeKind = "rename"    // another display name
	ChangePath      ChangeKind = "path"      // another path on the gateway
	ChangeRelease   ChangeKind = "release"   // another revision became the current one
	ChangeRemoval   ChangeKind = "removal"   // the API was deleted
)

// Change is one thing that the people of Tarnwick do to the instance.
type Change struct {
	Kind ChangeKind
	Note string // one sentence for a log
	API  API    // the whole API after the change; what it was, for a removal
}

// Changes lists what happens to [Instance] next, in this order. Each API stands
// outside of workspaces and is changed once.
func Changes() []Change {
	apis := Instance().APIs
	now := func(name string) API {
		return apis[slices.IndexFunc(apis, func(a API) bool { return a.Name == name })]
	}

	returns := now("returns")
	returns.Document, _ = document("changes", returns.Name)

	giftCards := API{
		Name: "gift-cards", DisplayName: "Gift cards", Path: "gift-cards", Type: TypeHTTP,
		Description:          "Sells, tops up and redeems gift cards, on plastic, on paper or by mail.",
		ServiceURL:           "https://gift-cards.internal.tarnwick.example",
		Protocols:            []string{"https"},
		SubscriptionRequired: true,
		Revision:             1,
		Products:             []string{"internal"},
		Tags:                 []string{"money"},
	}
	giftCards.Document, giftCards.Format = document("changes", giftCards.Name)

	ordersV4 := now("orders-v3")
	ordersV4.Name, ordersV4.Version = "orders-v4", "v4"
	ordersV4.Description = "Orders of all channels. New since v3: recurring orders, gift wrapping, payment by several means."
	ordersV4.Revision, ordersV4.RevisionDescription, ordersV4.Revisions, ordersV4.Releases = 1, "", nil, nil
	ordersV4.Document, _ = document("changes", ordersV4.Name)

	loyalty := now("loyalty")
	loyalty.DisplayName = "Loyalty and rewards"

	stores := now("stores")
	stores.Path = "places/stores"

	stock := now("stock")
	next := stock.Revisions[0]
	stock.Revisions = []Revision{{Number: stock.Revision, Description: stock.RevisionDescription, Online: true, Document: stock.Document}}
	stock.Revision, stock.RevisionDescription, stock.Document = next.Number, next.Description, next.Document
	stock.Releases = []Release{{Revision: next.Number, Notes: "Alerts when goods are back, for everybody."}}

	return []Change{
		{ChangeOperation, "Returns takes photos.", returns},
		{ChangeNew, "Gift cards get an API of their own.", giftCards},
		{ChangeVersion, "Version 4 of Orders appears.", ordersV4},
		{ChangeRename, "Loyalty is called Loyalty and rewards.", loyalty},
		{ChangePath, "Stores moves to places/stores.", stores},
		{ChangeRelease, "Revision 2 of Stock becomes the current one.", stock},
		{ChangeRemoval, "Version 1 of Orders is gone.", now("orders-v1")},
	}
}
