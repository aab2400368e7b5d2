package gathered_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// operators is where the program serves what only operators may see.
var operators = http.NewServeMux()

// The program's main would do this first.
func init() {
	if err := metrics.ConfigureDefault(metrics.WithoutRegistration()); err != nil {
		log.Fatal(err)
	}
	all := prometheus.Gatherers{prometheus.DefaultGatherer, metrics.Default()}
	operators.Handle("/metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
}

// page returns the lines of /metrics that begin with the prefix.
func page(t *testing.T, handler http.Handler, prefix string) (lines []string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestTheDefaultMetricsAreGatheredBesideTheDefaultRegistry(t *testing.T) {
	t.Parallel()
	c := channeltest.NewClient(t, "", "")
	c.Resolver.InitialState(channeltest.StartServers(t, 1).State())
	c.Connect(channeltest.WithTLS(t), grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig))
	if _, err := c.Call(channeltest.Context(t), grpc.WaitForReady(true)); err != nil {
		t.Fatalf("RPC: %v", err)
	}
	const picks = "grpc_lb_picks_total{"
	labels := fmt.Sprintf("grpc_lb_policy=%q,grpc_target=%q}", roundrobin2.Name, c.Conn.CanonicalTarget())
	got := page(t, operators, picks)
	got = slices.DeleteFunc(got, func(line string) bool { return !strings.Contains(line, labels) }) // of other runs
	if len(got) != 1 || !strings.HasSuffix(got[0], "} 1") {
		t.Errorf("picks of the channel are %q, want 1", got)
	}
	if got := page(t, operators, "go_goroutines "); len(got) != 1 {
		t.Errorf("the default registry has %q, want its goroutines too", got)
	}
	if got := page(t, promhttp.Handler(), picks); len(got) != 0 {
		t.Errorf("the default registry has %q, want none", got)
	}
}
