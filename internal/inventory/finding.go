package inventory

// Finding is what a check of a link found of one thing that its passes need.
type Finding struct {
	Check   string  `json:"check"` // what was tried: token, directory, instance, apis, …
	Outcome Outcome `json:"outcome"`
	Message string  `json:"message"`
	Remedy  *Remedy `json:"remedy,omitempty"`
}

// CheckDirectory is the check that a source is in the directory of the identity that reads it.
const CheckDirectory = "directory"

// Outcome says how a check went.
type Outcome string

// The outcomes.
const (
	Passed    Outcome = "ok"
	Refused   Outcome = "refused" // stays so until a person has done something
	NotProven Outcome = "failed"  // may go well another time
	Skipped   Outcome = "skipped" // not tried, or not needed
	Warned    Outcome = "warning" // it goes on, and somebody should look at it
)

// Remedy is the role that is missing: who is to get it, and where.
type Remedy struct {
	Role        string `json:"role"`
	RoleID      string `json:"roleId"`
	PrincipalID string `json:"principalId,omitempty"` // empty: not known
	Scope       string `json:"scope"`
	Command     string `json:"command"` // that grants it
}

// Advice is a message with what to do about it. r may be nil.
func (r *Remedy) Advice(message string) string {
	if r == nil {
		return message
	}
	return message + "; grant it with: " + r.Command
}
