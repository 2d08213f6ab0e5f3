package main

import (
	"math"
	"time"

	"apicenter/e2e/system"
)

// figure is one line of output. What does not apply is left out.
type figure struct {
	Bench        string   `json:"bench"`
	Engine       string   `json:"engine"`
	N            int      `json:"n"`
	WallS        *float64 `json:"wall_s,omitempty"`
	CPUS         *float64 `json:"cpu_s,omitempty"` // of the server process, as is the memory
	RSSMB        *float64 `json:"rss_mb,omitempty"`
	DBMB         *float64 `json:"db_mb,omitempty"`
	Requests     *int64   `json:"requests,omitempty"` // of Azure Resource Manager, as the source counted them
	BlobRequests *int64   `json:"blob_requests,omitempty"`
	Writes       *int64   `json:"writes,omitempty"`
	FloorS       *float64 `json:"floor_s,omitempty"`
	SourceMB     *float64 `json:"source_mb,omitempty"`
	Documents    *int64   `json:"documents,omitempty"`
	Distinct     *int64   `json:"distinct,omitempty"`
	RPS          *float64 `json:"rps,omitempty"`
	P50MS        *float64 `json:"p50_ms,omitempty"`
	P99MS        *float64 `json:"p99_ms,omitempty"`
	Connections  *int64   `json:"connections,omitempty"`
}

const (
	megabyte    = 1e6
	bucketSize  = 250 // of Azure's token bucket, in reads
	bucketFills = 25  // a second
)

func newFigure(bench string, n int) figure { return figure{Bench: bench, Engine: "sqlite", N: n} }

// counted sets what the source saw.
func (f *figure) counted(s system.Stats) {
	f.Requests, f.BlobRequests = new(s.ARM), new(s.Blob)
	f.FloorS = new(max(0, float64(s.ARM-bucketSize)/bucketFills))
}

// used sets what the server used between two looks at it.
func (f *figure) used(wall time.Duration, before, after system.Usage) {
	f.WallS = seconds(wall)
	f.CPUS = seconds(after.CPU - before.CPU)
	f.RSSMB = new(rounded(float64(after.Peak) / megabyte))
}

func (f *figure) read(l load) {
	f.RPS = new(rounded(float64(l.count) / l.wall.Seconds()))
	f.P50MS, f.P99MS = milliseconds(l.p50), milliseconds(l.p99)
	f.Connections = new(int64(connections))
}

func seconds(d time.Duration) *float64 { return new(rounded(d.Seconds())) }
func milliseconds(d time.Duration) *float64 {
	return new(rounded(float64(d) / float64(time.Millisecond)))
}

// rounded keeps three decimals: more would claim a precision that is not there.
func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }
