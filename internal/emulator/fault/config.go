package fault

import (
	"errors"
	"fmt"
	"time"
)

// Config says what goes wrong and how often. The zero value is a faultless emulator. Rates are chances between
// 0 and 1; durations are written "250ms" in JSON.
type Config struct {
	// Seed picks the sequence of faults. The same seed and the same requests meet the same faults.
	Seed uint64 `json:"seed"`

	// Latency is added to each ARM request, and up to LatencyJitter more.
	Latency       Duration `json:"latency"`
	LatencyJitter Duration `json:"latencyJitter"`

	// Bucket and Refill limit reads, WriteBucket and WriteRefill writes and, separately, deletes: so many at once
	// and so many more per second, for each principal in each subscription. All zero is no limit; as soon as one
	// bucket is set, figures that are missing are ARM's own: 250 and 25 for reads, 200 and 10 for the others.
	Bucket      int `json:"bucket"`
	Refill      int `json:"refill"`
	WriteBucket int `json:"writeBucket"`
	WriteRefill int `json:"writeRefill"`
	// RetryAfter is what an answer 429 asks to wait, in whole seconds; zero is the time until the bucket has a token.
	RetryAfter Duration `json:"retryAfter"`

	// ErrorRate is how often an ARM request is answered 500, 502, 503 or 504 without being done.
	ErrorRate float64 `json:"errorRate"`
	// TruncateRate is how often the answer to an ARM GET ends in the middle of its JSON.
	TruncateRate float64 `json:"truncateRate"`
	// ShiftRate is how often a row moves to another page while a list is being paged.
	ShiftRate float64 `json:"shiftRate"`
	// ExpireRate is how often an export link has expired before it can be used.
	ExpireRate float64 `json:"expireRate"`
	// ExportDelay is how long an export takes.
	ExportDelay Duration `json:"exportDelay"`
	// ConsistencyDelay is how old the state is that reads answer from.
	ConsistencyDelay Duration `json:"consistencyDelay"`

	// ActivityLogDelay is how long the activity log does not show an entry, at most: each is shown after a time of
	// its own, from half of it on.
	ActivityLogDelay Duration `json:"activityLogDelay"`

	// DropEvents, DoubleEvents and ReorderEvents are how often an event is lost, comes twice, or is overtaken.
	DropEvents    float64 `json:"dropEvents"`
	DoubleEvents  float64 `json:"doubleEvents"`
	ReorderEvents float64 `json:"reorderEvents"`
}

// Validate tells all that is wrong with a Config, or nil.
func (c Config) Validate() error {
	var wrong []error
	for _, f := range []struct {
		name string
		rate float64
	}{
		{"errorRate", c.ErrorRate},
		{"truncateRate", c.TruncateRate},
		{"shiftRate", c.ShiftRate},
		{"expireRate", c.ExpireRate},
		{"dropEvents", c.DropEvents},
		{"doubleEvents", c.DoubleEvents},
		{"reorderEvents", c.ReorderEvents},
	} {
		if !(f.rate >= 0 && f.rate <= 1) { // NaN is neither
			wrong = append(wrong, fmt.Errorf("%s is %v, and a rate is between 0 and 1", f.name, f.rate))
		}
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"latency", int64(c.Latency)},
		{"latencyJitter", int64(c.LatencyJitter)},
		{"retryAfter", int64(c.RetryAfter)},
		{"exportDelay", int64(c.ExportDelay)},
		{"consistencyDelay", int64(c.ConsistencyDelay)},
		{"activityLogDelay", int64(c.ActivityLogDelay)},
		{"bucket", int64(c.Bucket)},
		{"refill", int64(c.Refill)},
		{"writeBucket", int64(c.WriteBucket)},
		{"writeRefill", int64(c.WriteRefill)},
	} {
		if f.value < 0 {
			wrong = append(wrong, fmt.Errorf("%s is negative", f.name))
		}
	}
	if c.Bucket == 0 && c.WriteBucket == 0 && (c.Refill != 0 || c.WriteRefill != 0 || c.RetryAfter != 0) {
		wrong = append(wrong, errors.New("refill, writeRefill and retryAfter need a bucket or a writeBucket"))
	}
	return errors.Join(wrong...)
}

// Duration is a time.Duration that reads and writes "250ms".
type Duration time.Duration

// MarshalText writes the duration as [time.Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what [time.ParseDuration] takes.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 250ms or 5m", text)
	}
	*d = Duration(v)
	return nil
}
