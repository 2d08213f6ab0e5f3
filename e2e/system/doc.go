// Package system runs the product as its users do: the real binaries as
// processes of their own, the emulated Azure and the center, each on a port of
// its own of the loopback, and drives both over HTTP. Stories, crash tests and
// benchmarks stand on it. It shares no code with what it checks.
//
// No process outlives its owner: each runs in a group of its own which Kill
// ends as one, and the kernel kills it when the program that started it dies.
package system
