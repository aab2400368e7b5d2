package promql_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// scrapeInterval and scrapes make 10 minutes, which is longer than any range in the
// queries.
const (
	scrapeInterval = 15 * time.Second
	scrapes        = 41
)

// scrape is one reading of the metrics.
type scrape struct {
	at       time.Time
	families []*dto.MetricFamily
}

// record runs a workload and returns the scrapes.
func record(t *testing.T) (recorded []scrape) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkload(t)
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(w.metrics)
		for next := time.Now(); len(recorded) < scrapes; {
			w.interval()
			next = next.Add(scrapeInterval)
			time.Sleep(time.Until(next))
			families, err := registry.Gather()
			if err != nil {
				t.Fatalf("gather: %v", err)
			}
			recorded = append(recorded, scrape{at: next, families: families})
		}
	})
	return recorded
}
