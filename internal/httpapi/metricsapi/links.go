package metricsapi

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"apicenter/internal/inventory"
)

// patience is how long the store is waited for.
const patience = 10 * time.Second

// links tells of all links as they are when somebody asks.
type links struct {
	store   inventory.Store
	promise inventory.Promise
}

var ofLink = []string{"link"}

var (
	ageOf         = prometheus.NewDesc("apicenter_link_age_seconds", "How old what a listing shows of a link may be at most. Missing until it was proven.", ofLink, nil)
	definitionsOf = prometheus.NewDesc("apicenter_link_definitions_age_seconds", "How old the definition of a link that was longest not verified may be at most.", ofLink, nil)
	targetOf      = prometheus.NewDesc("apicenter_link_target_seconds", "Within which a change at the source of a link is to be here.", ofLink, nil)
	lateOf        = prometheus.NewDesc("apicenter_link_late", "1 if a link is older than promised.", ofLink, nil)
	stalledOf     = prometheus.NewDesc("apicenter_link_stalled", "1 if a link waits for a person, a role or a changed link.", ofLink, nil)
	failuresOf    = prometheus.NewDesc("apicenter_link_failures", "Passes of a link that have failed since one ended well.", ofLink, nil)
	apisOf        = prometheus.NewDesc("apicenter_link_apis", "APIs of the source of a link that are in the inventory.", ofLink, nil)
	problemsOf    = prometheus.NewDesc("apicenter_link_problems", "Definitions of a link whose newest document could not be had.", ofLink, nil)
	heldOf        = prometheus.NewDesc("apicenter_link_held", "Deletions of a link that wait for a person's word.", ofLink, nil)
	tookOf        = prometheus.NewDesc("apicenter_link_pass_seconds", "How long the last whole pass of a link took that ended well.", ofLink, nil)
	waiting       = prometheus.NewDesc("apicenter_links_waiting", "Links that wait for a pass now.", nil, nil)
)

func (l links) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		ageOf, definitionsOf, targetOf, lateOf, stalledOf, failuresOf, apisOf, problemsOf, heldOf, tookOf, waiting,
	} {
		ch <- d
	}
}

func (l links) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	now := l.store.Now()
	err := l.store.View(ctx, func(r inventory.Reader) error {
		for link, err := range r.List(inventory.Query{Kind: inventory.KindLink}) {
			if err != nil {
				return err
			}
			doc, err := inventory.ParseDoc(link.Doc)
			if err != nil {
				return err
			}
			l.tell(ch, link, inventory.LinkOf(doc), now)
		}
		due, err := r.Waiting(now)
		ch <- prometheus.MustNewConstMetric(waiting, prometheus.GaugeValue, float64(len(due)))
		return err
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(waiting, err)
	}
}

// tell gives the figures of one link.
func (l links) tell(ch chan<- prometheus.Metric, link inventory.Resource, settings inventory.Link, now time.Time) {
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, link.Path)
	}
	s := inventory.StatusOf(link)
	f := l.promise.Freshness(settings, s, link.Created.At, now)
	if f.Age != nil {
		gauge(ageOf, f.Age.Seconds())
	}
	if f.Definitions != nil {
		gauge(definitionsOf, f.Definitions.Seconds())
	}
	gauge(targetOf, f.Target.Seconds())
	gauge(lateOf, truth(f.Late))
	gauge(stalledOf, truth(s.Stalled))
	gauge(failuresOf, float64(s.Failures))
	gauge(apisOf, float64(s.APIs))
	gauge(problemsOf, float64(s.Problems))
	gauge(heldOf, float64(len(s.Held)))
	gauge(tookOf, s.Took.Seconds())
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
