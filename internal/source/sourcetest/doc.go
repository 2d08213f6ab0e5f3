// Package sourcetest holds what proves a connector and what stands in for one:
// the conformance suite that every connector must pass ([Run]), and a source
// in memory that does as it is told ([Script]).
package sourcetest
