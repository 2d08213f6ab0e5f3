package inventory

import "time"

// OperationStatus says how far a long operation is.
type OperationStatus string

// The statuses, as Azure names them.
const (
	InProgress OperationStatus = "InProgress"
	Succeeded  OperationStatus = "Succeeded"
	Broken     OperationStatus = "Failed"
)

// Operation is something that takes longer than a request should: its record
// tells those who ask later what became of it.
type Operation struct {
	Name    string // chosen at random
	On      ID     // what it was asked of: a service, or a definition
	Action  string // what is done: "importRuleset"
	By      string
	Status  OperationStatus
	Started time.Time
	Ended   time.Time // zero while it goes on
	Failure *Error    // why it failed
}
