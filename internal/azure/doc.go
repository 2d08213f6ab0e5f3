// Package azure is a thin client of Azure Resource Manager around azcore: it
// asks for tokens, keeps to the budget of a subscription, retries, follows
// pages, and hands out bodies without reading them. It knows nothing of what
// the bodies say.
//
// All requests of one identity to one subscription take their turn at one
// [Limiter], since Azure counts them in one bucket whatever they are for:
//
//	Client (link A) ─┐
//	Client (link B) ─┼─▶ Limiter (subscription, identity) ─▶ azcore: retry, token ─▶ ARM
//	Client (link C) ─┘        ▲ remaining reads, Retry-After ────────────────────────┘
//
// A token leaves for the configured endpoint only: every address is checked
// before it is asked, those of a nextLink too. What a signed link points to is
// fetched by [Links], which has no token at all.
package azure
