// Package metricsapi tells monitors, in the form of Prometheus, how fresh each
// link is and what was done for it. What is of a link is read from the store when
// somebody asks, so that it is right after a restart as well; what is counted is
// of this process. The only label that grows is the path of a link.
package metricsapi
