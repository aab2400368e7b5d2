package fleet_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/promserver"
)

var measured = size{}

func init() {
	flag.IntVar(&measured.clients, "clients", 200, "clients of the fleet")
	flag.IntVar(&measured.backends, "backends", 200, "backends of the fleet")
	flag.IntVar(&measured.rps, "rps", 100, "RPCs per second of each client")
	flag.IntVar(&measured.scrapes, "scrapes", 4, "scrapes of each client")
	flag.DurationVar(&measured.interval, "interval", 30*time.Second, "time between two scrapes")
}

// figures are what Prometheus says of itself after the scrapes.
type figures struct {
	variant variant

	series         float64       // in the head
	expected       float64       // series by the formula
	recorded       float64       // series of recording rules, among those in the head
	samples        float64       // per scrape, that were kept
	mean, longest  time.Duration // of a scrape
	cpu            time.Duration // of Prometheus per scrape; other programs do not change it
	sent, unpacked int64         // bytes of a page
	resident, heap float64       // bytes, after a garbage collection
	query          time.Duration // for the rate of each backend over all clients
}

// BenchmarkFleet has a real Prometheus scrape a fleet. With -update it writes what
// it has measured into metrics/ops/README.md.
func BenchmarkFleet(b *testing.B) {
	promserver.Require(b, "prometheus")
	var all []figures
	want := variants(b)
	for _, v := range want {
		b.Run(v.name, func(b *testing.B) {
			f := measure(b, v, measured)
			all = append(all, f)
			b.ReportMetric(f.series, "series")
			b.ReportMetric(f.samples, "samples/scrape")
			b.ReportMetric(f.resident/1e6, "MB-resident")
			b.ReportMetric(f.mean.Seconds(), "s/scrape")
		})
	}
	switch table := fleetTable(promserver.Version(b), measured, all); {
	case !*update || b.Failed():
		fmt.Print("\n", table)
	case len(all) != len(want):
		b.Fatal("-update wants all variants; leave -bench at Fleet")
	default:
		writeReadme(b, "fleet", table)
	}
}

func measure(b *testing.B, v variant, s size) figures {
	b.Helper()
	f := newFleet(b, s, v)
	text, flags := v.config(b, f, s)
	p := promserver.Start(b, text, flags...)
	awaitScrapes(b, p, s)

	got := figures{variant: v, expected: float64(expectedSeries(b, v, s))}
	got.mean = seconds(p.Number(b, `avg(avg_over_time(scrape_duration_seconds[1h]))`))
	got.longest = seconds(p.Number(b, `max(max_over_time(scrape_duration_seconds[1h]))`))
	got.cpu = seconds(p.Own(b, "process_cpu_seconds_total") / p.Number(b, `sum(count_over_time(up[1h]))`))
	got.samples = p.Number(b, `avg(scrape_samples_post_metric_relabeling)`)
	if v.rules != "" {
		got.recorded = p.Number(b, `count({__name__=~".+:.+"})`)
		got.query = duration(b, p, `fleet_backend:grpc_lb_picks:rate5m`)
	} else {
		got.query = duration(b, p, `sum without (instance) (rate(grpc_lb_picks_total[1m]))`)
	}
	got.sent, got.unpacked = f.pageBytes(b)
	p.CollectGarbage(b)
	got.series = p.Own(b, "prometheus_tsdb_head_series")
	got.resident = p.Own(b, "process_resident_memory_bytes")
	got.heap = p.Own(b, "go_memstats_heap_alloc_bytes")
	if want := got.expected + got.recorded; v.keep == nil && got.series != want {
		b.Errorf("%s: %v series in the head, %v by the formula", v.name, got.series, want)
	}
	return got
}

// awaitScrapes waits until each client was scraped as often as it is to be.
func awaitScrapes(b *testing.B, p *promserver.Server, s size) {
	b.Helper()
	done := fmt.Sprintf(`count(count_over_time(up[1h]) >= %d) == %d`, s.scrapes, s.clients)
	for end := time.Now().Add(time.Minute + 4*time.Duration(s.scrapes)*s.interval); len(p.Query(b, done, time.Time{})) == 0; {
		if time.Now().After(end) {
			b.Fatalf("%d scrapes of %d clients are not done", s.scrapes, s.clients)
		}
		time.Sleep(time.Second)
	}
	if bad := p.Query(b, `sum_over_time(up[1h]) < count_over_time(up[1h])`, time.Time{}); len(bad) > 0 {
		b.Fatalf("scrapes of %d clients failed, after %v at most; make -interval longer if that was too long",
			len(bad), seconds(p.Number(b, `max(max_over_time(scrape_duration_seconds[1h]))`)))
	}
}

// duration returns how long a query takes, the median of five.
func duration(b *testing.B, p *promserver.Server, expr string) time.Duration {
	b.Helper()
	var took []time.Duration
	for range 5 {
		start := time.Now()
		p.Query(b, expr, time.Time{})
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func fleetTable(version string, s size, all []figures) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d clients × %d backends, each of which has failed once with one code. Prometheus %s scraped each client %d times, every %v; both ran on two cores that other programs used, too.\n\n",
		s.clients, s.backends, version, s.scrapes, s.interval)
	fmt.Fprint(&b, "| | series in the head | samples per scrape | page: sent, unpacked | a scrape: mean, longest | CPU time of Prometheus per scrape | resident memory, heap in use | query of the picks of all clients |\n")
	fmt.Fprint(&b, "|---|---|---|---|---|---|---|---|\n")
	for _, f := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %.0f kB, %.0f kB | %d ms, %d ms | %.1f ms | %.0f MB, %.0f MB | %d ms |\n",
			f.variant.how, thousands(f.series), thousands(f.samples), float64(f.sent)/1e3, float64(f.unpacked)/1e3,
			f.mean.Milliseconds(), f.longest.Milliseconds(), f.cpu.Seconds()*1e3, f.resident/1e6, f.heap/1e6, f.query.Milliseconds())
	}
	for _, f := range all {
		if f.recorded > 0 {
			fmt.Fprintf(&b, "\nWith `rules.yml`, %s of the series are recorded ones. A second server that is sent only these has no more than that.\n", thousands(f.recorded))
		}
	}
	return b.String()
}

// thousands writes a number as 1,234,567.
func thousands(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
