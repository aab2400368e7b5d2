package record

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// backendReading is a backend during one scrape. Its traffic and its subchannels
// are read once, so that the samples are consistent.
type backendReading struct {
	*Backend
	traffic     traffic
	subchannels readySubchannels
}

// targetReading is a target during one scrape.
type targetReading struct {
	*Target
	instances int // number of policy instances
}

// Collect sends the samples of all records, and takes a sample for the live page where
// one is due. It drops the records whose retention has passed.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	for _, samples := range s.scrape(series.ForSend) {
		samples.Send(ch)
	}
}

// Gather is Collect for a gatherer. It returns the families in no particular order, and
// in each its samples in the order of their labels.
func (s *Store) Gather() (families []*dto.MetricFamily, err error) {
	for _, samples := range s.scrape(series.ForGather) {
		if families, err = samples.Gather(families); err != nil {
			return nil, err
		}
	}
	return families, nil
}

// scrape reads all records. All have the same Settings.
func (s *Store) scrape(use series.Use) []*series.Samples {
	all := s.all()
	if len(all) == 0 {
		return nil
	}
	c := all[0].target.settings.Catalog
	return []*series.Samples{c.readTargets(all, use), c.readBackends(all, use)}
}

func (c *Catalog) readTargets(all []listing, use series.Use) *series.Samples {
	slices.SortFunc(all, func(a, b listing) int { return a.target.key.compare(b.target.key) })
	samples := c.target.NewSamples(len(all), use)
	for _, l := range all {
		t := l.target
		samples.Begin(t.created, t.policyPair, t.targetPair)
		c.target.Read(&targetReading{t, len(l.instances)}, samples)
	}
	return samples
}

// compare compares in the order of the names of the labels.
func (k Key) compare(other Key) int {
	return cmp.Or(strings.Compare(k.Policy, other.Policy), strings.Compare(k.Target, other.Target))
}

// listed is a backend in the list of a scrape.
type listed struct {
	first    string // the value of its first label
	backend  *Backend
	sampling *sampling
}

func (c *Catalog) readBackends(all []listing, use series.Use) *series.Samples {
	samplings := make([]sampling, len(all))
	var backends []listed
	for i, l := range all {
		samplings[i] = l.target.beginSample()
		backends = slices.Grow(backends, len(l.backends))
		for _, b := range l.backends {
			backends = append(backends, listed{b.value(c.order[0]), b, &samplings[i]})
		}
	}
	slices.SortFunc(backends, c.compare)
	samples := c.backend.NewSamples(len(backends), use)
	var reading backendReading
	var pairs []*dto.LabelPair
	for _, one := range backends {
		b := one.backend
		reading = backendReading{b, b.traffic(), b.readySubchannels()}
		one.sampling.add(b, &reading.traffic)
		pairs = b.appendPairs(pairs[:0], samples)
		samples.Begin(b.created, pairs...)
		c.backend.Read(&reading, samples)
	}
	for _, sm := range samplings {
		sm.end()
	}
	return samples
}

// compare compares the labels of two backends in the order of their names.
func (c *Catalog) compare(a, b listed) int {
	if n := strings.Compare(a.first, b.first); n != 0 {
		return n
	}
	for _, label := range c.order[1:] {
		if n := strings.Compare(a.backend.value(label), b.backend.value(label)); n != 0 {
			return n
		}
	}
	return 0
}
