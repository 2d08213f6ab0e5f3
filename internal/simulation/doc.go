// Package simulation tries histories. From a seed it draws what happens to a
// source, to people, to the network and to the server, and has the real engine,
// store and connector live through it, in virtual time and without sockets:
//
//	seed ──▶ steps ──▶ emulator's model ◀── apim ◀── engine ◀── jobs.Worker
//	           │             ▲ faults of requests         │ crashes at commits
//	           ├── people ───┼──────────────────────▶ store
//	           └── oracle ◀──┴────────────────────────────┘
//
// During a history nothing that exists at the source may go, nothing may come
// that does not, and nobody may write under a claim that has ended. At its end,
// after some quiet passes, the inventory equals the source, by a mapping that the
// oracle has of its own, and what people said stands.
//
// All of it is tests; a history that fails prints its steps and the command that
// replays it.
package simulation
