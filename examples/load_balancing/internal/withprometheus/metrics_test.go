package withprometheus_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// This is one long test, because each part needs the one before. Servers run, one
// is killed and restarted, another is killed and replaced, and the client ends. Two
// Prometheus servers scrape the client, one in OpenMetrics and one in protobuf.
func TestPrometheusSeesWhereTheRPCsGo(t *testing.T) {
	require(t)
	s := startSystem(t)
	text := startOpenMetrics(t, s.scraped)
	native := startNative(t, s.scraped)
	both := []*prometheus{text, native}
	checkMetricsPage(t, s)
	checkOpenMetrics(t, text)

	members := s.addrs()
	for _, p := range both {
		checkSpread(t, p, members)
	}

	// The server that pick_first2 uses is killed and restarted.
	failed := text.first(t)
	s.servers[failed].Kill()
	for _, p := range both {
		p.awaitReady(t, failed, 0)
	}
	s.serve(t, s.names[failed], failed)
	for _, p := range both {
		p.awaitReady(t, failed, 1)
	}

	// Another server is killed. A new one replaces it.
	used := text.first(t)
	dead := members[slices.IndexFunc(members, func(addr string) bool { return addr != failed && addr != used })]
	s.servers[dead].Kill()
	for _, p := range both {
		p.awaitReady(t, dead, 0)
	}
	fresh := s.serve(t, s.names[dead], "127.0.0.1:0")
	members[slices.Index(members, dead)] = fresh
	before := time.Now()
	s.use(t, members...)
	for _, p := range both {
		p.awaitReady(t, fresh, 1)
	}
	after := time.Now()
	for _, p := range both {
		checkGone(t, p, dead, before, after)
		checkSpread(t, p, members)
	}
	checkClassicHistogram(t, text)
	checkNativeHistogram(t, native)

	ended := s.endRPCs(t)
	t.Logf("RPCs by the client's own count: %v", ended)
	quiet := time.Now()
	for _, p := range both {
		p.awaitScrape(t, quiet)
		checkSums(t, p)
		checkCounts(t, p, ended)
	}
	checkDurations(t, text, native, quiet)
}

// awaitReady waits until grpc_lb_ready_subchannels of the backend, under round_robin2,
// has the value in Prometheus.
func (p *prometheus) awaitReady(t *testing.T, backend string, want float64) {
	t.Helper()
	expression := `grpc_lb_ready_subchannels{grpc_lb_policy="round_robin2", grpc_lb_backend="` + backend + `"}`
	exampletest.Eventually(t, fmt.Sprintf("%s: %s is %v", p.name, expression, want), func() (bool, any) {
		found := p.query(t, expression, time.Time{})
		return len(found) == 1 && found[0].points[0].value == want, fmt.Sprint(found)
	})
}

// first returns the backend to which pick_first2 is connected.
func (p *prometheus) first(t *testing.T) string {
	t.Helper()
	const expression = `grpc_lb_ready_subchannels{grpc_lb_policy="pick_first2"} == 1`
	var backend string
	exampletest.Eventually(t, p.name+": pick_first2 is connected", func() (bool, any) {
		found := p.query(t, expression, time.Time{})
		if len(found) == 1 {
			backend = found[0].labels["grpc_lb_backend"]
		}
		return len(found) == 1, fmt.Sprint(found)
	})
	return backend
}

// checkMetricsPage checks the text format of the page with promtool.
func checkMetricsPage(t *testing.T, s *system) {
	t.Helper()
	page := exampletest.Get(t, "http://"+s.scraped+"/metrics", "").Text
	if !strings.Contains(page, "\ngrpc_lb_picks_total{") {
		t.Fatalf("no grpc_lb_picks_total on /metrics:\n%s", page)
	}
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = strings.NewReader(page)
	var findings bytes.Buffer
	check.Stdout, check.Stderr = &findings, &findings
	if err := check.Run(); err != nil || findings.Len() > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, &findings)
	}
}
