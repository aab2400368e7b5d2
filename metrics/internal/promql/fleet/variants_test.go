package fleet_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/promserver"
)

// size is that of the fleet, and how it is scraped.
type size struct {
	clients, backends int
	rps               int // RPCs per second of each client
	scrapes           int
	interval          time.Duration
}

// variant is a way to have fewer series, or more.
type variant struct {
	name, how string
	options   []metrics.Option
	native    bool     // Prometheus takes native histograms, and then no buckets of them
	keep      []string // names of the series that Prometheus keeps; nil for all
	subset    int      // backends that each client sees; 0 for all
	names     int      // different names of a client's backends; 0 for one each
	rules     string   // file of recording rules; "" for none
}

// variants are what the benchmark measures.
func variants(tb testing.TB) []variant {
	alerts := alertNames(tb)
	both := append(namesIn(tb, dashboardFile), alerts...)
	rules, err := filepath.Abs(rulesFile) // Prometheus reads it from another directory
	if err != nil {
		tb.Fatal(err)
	}
	latency := []metrics.Option{metrics.WithLatency()}
	return []variant{
		{name: "default", how: "as it comes"},
		{name: "latency", how: "`WithLatency()`, classic buckets", options: latency},
		{name: "native", how: "`WithLatency()`, native histograms only", options: latency, native: true},
		{name: "none", how: "`WithBackendName(NameNone)`", options: []metrics.Option{metrics.WithBackendName(metrics.NameNone)}, names: 1},
		{name: "zones", how: "`WithBackendName` with a function that returns one of 3 zones", options: []metrics.Option{metrics.WithBackendName(zone)}, names: 3},
		{name: "zones-latency", how: "the same, with latency", options: []metrics.Option{metrics.WithBackendName(zone), metrics.WithLatency()}, names: 3},
		{name: "keep", how: "latency; relabelling keeps what the dashboard and the alerts need", options: latency, keep: both},
		{name: "keep-alerts", how: "latency; relabelling keeps what the alerts need", options: latency, keep: alerts},
		{name: "subset", how: "each client sees a tenth of the backends", subset: 10},
		{name: "rules", how: "default, with the recording rules of `rules.yml`", rules: rules},
	}
}

// zone names a backend by its zone, of which there are three.
func zone(addr resolver.Address) string {
	return "zone-" + string('a'+addr.Addr[len(addr.Addr)-len("0:8443")]%3)
}

// backends returns those that the i-th client sees.
func (v variant) backends(i int, s size) []string {
	if v.subset == 0 {
		return addrs(0, s.backends)
	}
	n := s.backends / v.subset
	return addrs(i%v.subset*n, n)
}

// config is Prometheus's for the fleet, and the flags that it needs. How native
// histograms are switched on depends on the version.
func (v variant) config(tb testing.TB, f *fleet, s size) (text string, flags []string) {
	tb.Helper()
	text = v.configText(f, s, v.native)
	if v.native && !promserver.Accepts(tb, text) {
		return v.configText(f, s, false), []string{"--enable-feature=native-histograms"}
	}
	return text, nil
}

func (v variant) configText(f *fleet, s size, native bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global: {scrape_interval: %v, scrape_timeout: %[1]v, evaluation_interval: %[1]v}\n", s.interval)
	if v.rules != "" {
		fmt.Fprintf(&b, "rule_files: [%q]\n", v.rules)
	}
	fmt.Fprint(&b, "scrape_configs:\n- job_name: shop\n")
	if native {
		fmt.Fprint(&b, "  scrape_native_histograms: true\n")
	}
	if v.keep != nil {
		fmt.Fprintf(&b, "  metric_relabel_configs:\n  - {source_labels: [__name__], regex: %q, action: keep}\n", strings.Join(v.keep, "|"))
	}
	fmt.Fprint(&b, "  static_configs:\n")
	for i := range f.clients {
		fmt.Fprintf(&b, "  - {targets: [%q], labels: {__metrics_path__: %q, instance: \"shop-%d:9464\"}}\n",
			f.server.Listener.Addr(), page(i), i)
	}
	return b.String()
}
