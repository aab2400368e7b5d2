package promql_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// catalog has the labels of each metric, by the names that queries can use. For a
// histogram these include the names with _bucket, _count and _sum.
type catalog map[string]labelSet

// labelSet is a set of label names.
type labelSet map[string]bool

// ofScrape are the labels that a scrape adds to those of a metric. The last one stands
// for the labels that a user's scrape config adds.
var ofScrape = []string{"job", "instance", foreign}

const foreign = "(labels of the scrape config)"

// readCatalog reads the catalog from a collector that New made. The descriptions have
// the names and labels. A scrape of the workload has the types.
func readCatalog(t *testing.T) catalog {
	t.Helper()
	recorded := record(t)
	types := make(map[string]dto.MetricType)
	for _, family := range append(foldedTargets(t), recorded[len(recorded)-1].families...) {
		types[family.GetName()] = family.GetType()
	}
	c := make(catalog)
	for name, own := range describe(t, metrics.New()) {
		kind, ok := types[name]
		if !ok {
			t.Errorf("the workload has no series of %s; extend it to make one", name)
		}
		c.add(name, kind, own)
	}
	return c
}

// foldedTargets returns what a process has that uses more targets than may have
// series.
func foldedTargets(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	m := metrics.New(metrics.WithMaxTargets(1))
	cc := balancertest.NewClientConn(t)
	for _, target := range []string{"dns:///one:443", "dns:///two:443"} {
		t.Cleanup(cc.BuildWithTarget(m.Instrument(newChosenByRPC()), target).Close)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	return families
}

func (c catalog) add(name string, kind dto.MetricType, own []string) {
	c[name] = newLabelSet(append(own, ofScrape...)...)
	if kind == dto.MetricType_HISTOGRAM {
		c[name+"_count"], c[name+"_sum"] = c[name], c[name]
		c[name+"_bucket"] = c[name].with("le")
	}
}

// described matches a printed description.
var described = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*, variableLabels: \{([^}]*)\}\}$`)

// describe returns the labels of each metric that the collector describes.
func describe(t *testing.T, collector prometheus.Collector) map[string][]string {
	t.Helper()
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		collector.Describe(descs)
	}()
	all := make(map[string][]string)
	for d := range descs {
		found := described.FindStringSubmatch(d.String())
		if found == nil {
			t.Errorf("description %s is not of the known form", d)
			continue
		}
		all[found[1]] = strings.Split(found[2], ",")
	}
	return all
}

func newLabelSet(names ...string) labelSet {
	s := make(labelSet, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

func (s labelSet) with(names ...string) labelSet {
	all := maps.Clone(s)
	maps.Copy(all, newLabelSet(names...))
	return all
}

func (s labelSet) without(names ...string) labelSet {
	rest := maps.Clone(s)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

func (s labelSet) String() string { return strings.Join(slices.Sorted(maps.Keys(s)), ", ") }

// The other checks rely on the catalog.
func TestCatalogIsTheCollectors(t *testing.T) {
	t.Parallel()
	c := readCatalog(t)
	perTarget := newLabelSet(ofScrape...).with("grpc_target", "grpc_lb_policy")
	want := catalog{
		"grpc_lb_picks_total":                     perTarget.with("grpc_lb_backend"),
		"grpc_lb_rpc_attempts_total":              perTarget.with("grpc_lb_backend", "grpc_status"),
		"grpc_lb_policy_instances":                perTarget,
		"grpc_lb_pick_delay_duration_seconds":     perTarget.with("grpc_delay_type"),
		"grpc_lb_connect_duration_seconds_sum":    perTarget,
		"grpc_lb_connect_duration_seconds_count":  perTarget,
		"grpc_lb_connect_duration_seconds_bucket": perTarget.with("le"),
	}
	for name, labels := range want {
		if !maps.Equal(c[name], labels) {
			t.Errorf("%s has the labels %v, want %v", name, c[name], labels)
		}
	}
	for _, name := range []string{"grpc_lb_picks_total_count", "grpc_lb_policy_instances_bucket", "grpc_lb_picks", ""} {
		if labels, ok := c[name]; ok {
			t.Errorf("%q is in the catalog, with the labels %v, want it missing", name, labels)
		}
	}
}
