package inventory

// Compatibility says what a new document of a definition means for those who
// use the API as the last one defined it.
type Compatibility struct {
	Verdict Verdict  `json:"verdict"`
	Message string   `json:"message,omitempty"` // why it is not known
	Reasons []Reason `json:"reasons,omitempty"` // at most MaxReasons, those that break first
	More    int      `json:"more,omitempty"`    // reasons that are left out
}

// MaxReasons is how many reasons are kept of one comparison.
const MaxReasons = 50

// Verdict is the outcome of a comparison.
type Verdict string

// The verdicts.
const (
	Breaking    Verdict = "breaking"    // who uses the API may have to change
	NonBreaking Verdict = "nonBreaking" // it changed, and nobody has to
	Unaltered   Verdict = "unchanged"   // other words, and the same API
	Unjudged    Verdict = "unknown"     // it could not be compared; Message says why
)

// Reason is one thing that differs between two documents.
type Reason struct {
	ID        string `json:"id"` // the rule that found it
	Text      string `json:"text"`
	Operation string `json:"operation,omitempty"` // GET, POST, …
	Path      string `json:"path,omitempty"`
	Breaking  bool   `json:"breaking,omitempty"`
}
