package main

import (
	"time"

	"github.com/spf13/pflag"

	"apicenter/internal/emulator/fault"
)

// faults are the flags for what goes wrong.
type faults struct {
	throttle                            bool
	bucket, refill                      int
	latency, jitter                     time.Duration
	exportDelay, consistencyDelay       time.Duration
	logDelay                            time.Duration
	errors, truncate, shift, expire     float64
	dropEvents, doubleEvents, reordered float64
}

func (x *faults) register(f *pflag.FlagSet) {
	f.DurationVar(&x.latency, "latency", 0, "time that each request to ARM takes")
	f.DurationVar(&x.jitter, "latency-jitter", 0, "up to this much more, at random")
	f.BoolVar(&x.throttle, "throttle", false, "limit reads as ARM does: 250 at once and 25 per second")
	f.IntVar(&x.bucket, "bucket", 0, "limit reads to this many at once")
	f.IntVar(&x.refill, "refill", 0, "and to this many more per second")
	f.Float64Var(&x.errors, "error-rate", 0, "share of the requests to ARM that are answered 5xx")
	f.Float64Var(&x.truncate, "truncate-rate", 0, "share of the answers that end too early")
	f.Float64Var(&x.shift, "shift-rate", 0, "share of the pages from which a row has moved away")
	f.Float64Var(&x.expire, "expire-rate", 0, "share of the export links that have expired already")
	f.DurationVar(&x.exportDelay, "export-delay", 0, "time that an export takes")
	f.DurationVar(&x.consistencyDelay, "consistency-delay", 0, "time until reads show a write")
	f.DurationVar(&x.logDelay, "activity-log-delay", 0, "time until the activity log shows a write, at most")
	f.Float64Var(&x.dropEvents, "drop-events", 0, "share of the events that are lost")
	f.Float64Var(&x.doubleEvents, "double-events", 0, "share of the events that come twice")
	f.Float64Var(&x.reordered, "reorder-events", 0, "share of the events that are overtaken")
}

// readBucket is how many reads ARM allows at once.
const readBucket = 250

func (x *faults) config(seed uint64) fault.Config {
	if x.bucket == 0 && (x.throttle || x.refill > 0) {
		x.bucket = readBucket
	}
	return fault.Config{
		Seed:             seed,
		Latency:          fault.Duration(x.latency),
		LatencyJitter:    fault.Duration(x.jitter),
		Bucket:           x.bucket,
		Refill:           x.refill,
		ErrorRate:        x.errors,
		TruncateRate:     x.truncate,
		ShiftRate:        x.shift,
		ExpireRate:       x.expire,
		ExportDelay:      fault.Duration(x.exportDelay),
		ConsistencyDelay: fault.Duration(x.consistencyDelay),
		ActivityLogDelay: fault.Duration(x.logDelay),
		DropEvents:       x.dropEvents,
		DoubleEvents:     x.doubleEvents,
		ReorderEvents:    x.reordered,
	}
}
