// Package cli holds the client verbs of the one binary: it reads flags, speaks
// to a center through the client package, and prints what the center said.
// It knows nothing else of the server: no store, no catalog, no shared types.
//
// Which center, as whom and which service comes from flags, the environment, a
// profile and the file that a server wrote when it was ready, in this order. A
// profile is two files that only their owner reads: settings and sign-in.
// What a source says of one center is never used for another.
//
// Verbs and flags are those of `az apic` where that has them. Resources are
// printed as az prints them: the content of `properties` is lifted to the top
// level, and `resourceGroup` is added from the id. --query selects of that, before
// it is formatted. Unlike az, a table is the default, with columns of its own;
// `-o json` gives what az gives.
//
// Arguments are written as for az too: a flag may take several words
// (`--set a=1 b=2`), objects and lists come as JSON, as az's shorthand
// (`{name:Ann,tags:[a,b]}`), as name=value pairs or as @FILE, and --ids stands
// for the names. Spellings of older builds work and are hidden.
//
// A verb is made of a kind (nouns.go: its path, options and columns) and what
// all kinds have in common (verbs.go, list.go). A new kind is a function in
// nouns.go and a line in tree.go.
//
// Exit codes:
//
//	0  done
//	1  it failed; or a sync that was waited for ended partial or failed
//	2  the command line is wrong
//	3  the thing is not there
//	4  no token, a wrong one, or one that may not do this
package cli
