package grpcinstruments

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/grpclog"
)

var logger = grpclog.Component("balancer2")

// Config configures a [Set].
type Config struct {
	Names          []string // of the instruments; if empty, those that gRPC has on by default
	OptionalLabels []string // to export, for instruments that have them
	Retention      time.Duration
	MaxSeries      int // of each instrument
}

// Set exports some instruments. Make one with [New]. A nil Set exports nothing, and its
// scopes are nil. Its methods may be called from several goroutines.
type Set struct {
	config Config

	// The instruments, looked up when they are first needed. Until then, packages may
	// still register some.
	lookUp       sync.Once
	families     []*family // in the order of their names
	byDescriptor map[*estats.MetricDescriptor]*family

	// mu guards the fields below and the fields that say so. No call leaves the
	// package under it, except into Prometheus's vectors.
	mu        sync.Mutex
	reporters []*reporter
}

// New returns a Set without series.
func New(c Config) *Set { return &Set{config: c} }

// resolve looks the instruments up, once. It logs those that cannot be exported.
func (s *Set) resolve() {
	s.lookUp.Do(func() {
		s.byDescriptor = make(map[*estats.MetricDescriptor]*family)
		names := s.config.Names
		if len(names) == 0 {
			names = slices.Collect(maps.Keys(estats.DefaultMetrics.Metrics()))
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			if err := s.addFamily(name); err != nil {
				logger.Warningf("metrics: export instrument %q: %v", name, err)
			}
		}
	})
}

func (s *Set) addFamily(name string) error {
	d := estats.DescriptorForMetric(name)
	if d == nil {
		return fmt.Errorf("no package of this program registers an instrument of that name with gRPC")
	}
	f, err := newFamily(d, s.config.OptionalLabels, s.config.MaxSeries)
	if err != nil {
		return err
	}
	for _, other := range s.families {
		if other.name == f.name {
			return fmt.Errorf("it is %s in Prometheus, as is %q", f.name, other.descriptor.Name)
		}
	}
	f.salt = uint64(len(s.families))
	s.families = append(s.families, f)
	s.byDescriptor[d] = f
	return nil
}

// family returns the family of an instrument, if the set has it.
func (s *Set) family(d *estats.MetricDescriptor) (*family, bool) {
	s.resolve()
	f, ok := s.byDescriptor[d]
	return f, ok
}

// Describe implements [prometheus.Collector]. Each call sends the same, so that the
// collector can be unregistered.
func (s *Set) Describe(ch chan<- *prometheus.Desc) {
	if s == nil {
		return
	}
	s.resolve()
	for _, f := range s.families {
		f.describe(ch)
	}
}

// Collect implements [prometheus.Collector]. It drops the series whose retention
// has passed.
func (s *Set) Collect(ch chan<- prometheus.Metric) {
	if s == nil {
		return
	}
	s.resolve()
	reporters := s.sweep()
	for _, f := range s.families {
		f.collect(ch)
	}
	s.collectAsync(reporters, ch)
}

// sweep drops expired series and returns the reporters of asynchronous gauges.
func (s *Set) sweep() []*reporter {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, f := range s.families {
		if f.async == nil {
			f.expireLocked(now, s.config.Retention)
		}
	}
	return slices.Clone(s.reporters)
}

// Gather implements [prometheus.Gatherer] with what Collect sends.
func (s *Set) Gather() ([]*dto.MetricFamily, error) {
	if s == nil {
		return nil, nil
	}
	r := prometheus.NewRegistry()
	if err := r.Register(s); err != nil {
		return nil, err
	}
	return r.Gather()
}
