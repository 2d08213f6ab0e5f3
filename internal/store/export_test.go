package store

import "testing"

// Patient has writers wait for readers of the log as long as for any lock: on a
// busy machine no reader is sure of a turn within the time that they have else.
func Patient(t *testing.T) {
	before := walPatience
	walPatience = patience
	t.Cleanup(func() { walPatience = before })
}
