package documents_test

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// examples/README.md says so.
func TestTheBackendOfAUnixSocketIsItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "echo.sock")
	lis, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)))
		if err != nil {
			t.Fatal(err)
		}
		call(conn)
		series := fmt.Sprintf(`grpc_lb_picks_total{grpc_lb_backend=%q,grpc_lb_policy=%q,grpc_target="unix://%s"} 1`, path, policy, path)
		if page := get(promhttp.Handler(), "/metrics"); !strings.Contains(page, "\n"+series+"\n") {
			t.Errorf("the metrics do not have %s:\n%s", series, page)
		}
		_ = conn.Close()
	}
}

var (
	// Such as {metrics: {latency: true}}: the field is balancer2Metrics.
	wrongField = regexp.MustCompile(`\bmetrics"?: *(?:\{"?latency|parse config)`)
	figure     = regexp.MustCompile(`[0-9][0-9.,]* (?:ns|µs|ms|s|kB|MB|GB)\b`)
)

func TestDocumentsNameTheFieldOfTheDecorator(t *testing.T) {
	t.Parallel()
	for name, text := range filesOf(t, ".md") {
		if name == "CHANGELOG.md" {
			continue // it tells what the field was called
		}
		if found := wrongField.FindString(text); found != "" {
			t.Errorf("%s has %q; the field is balancer2Metrics", name, found)
		}
	}
}

func TestFiguresOfTheREADMEAreThoseThatWereMeasured(t *testing.T) {
	t.Parallel()
	texts := filesOf(t, ".md")
	measured := make(map[string]bool)
	for _, f := range figure.FindAllString(texts["balancer/internal/perf/README.md"], -1) {
		measured[f] = true
	}
	_, compared, _ := strings.Cut(texts["README.md"], "\n## Compared\n")
	compared, _, _ = strings.Cut(compared, "\n## ")
	all := figure.FindAllString(compared, -1)
	for _, f := range all {
		if !measured[f] {
			t.Errorf("README.md says %s, which balancer/internal/perf/README.md does not have", f)
		}
	}
	if len(all) < 8 {
		t.Errorf("%d figures, want at least 8: the test misses some", len(all))
	}
}

// Both documents have the ratios of scrapes.
func TestRatiosOfScrapesAreThoseThatWereMeasured(t *testing.T) {
	t.Parallel()
	texts := filesOf(t, ".md")
	_, section, _ := strings.Cut(texts["metrics/README.md"], "\n## Ten thousand backends")
	section, _, _ = strings.Cut(section, "\n## ")
	all := regexp.MustCompile(`\b0\.\d+\b`).FindAllString(section, -1)
	for _, ratio := range all {
		if !strings.Contains(texts["balancer/internal/perf/README.md"], "; ratio "+ratio+" |") {
			t.Errorf("metrics/README.md says %s, which is no ratio in balancer/internal/perf/README.md", ratio)
		}
	}
	if len(all) < 3 {
		t.Errorf("the ratios %q, want at least 3: the test misses some", all)
	}
}

// A reader decides from the README alone. What is longer belongs where its reader is.
func TestTheREADMEIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(filesOf(t, "README.md")["README.md"], "\n"); n == 0 || n > 150 {
		t.Errorf("README.md has %d lines, want at most 150", n)
	}
}
