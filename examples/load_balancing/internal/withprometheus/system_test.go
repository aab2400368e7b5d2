package withprometheus_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

const (
	retention = 10 * time.Second // many scrapes, also where some time out
	rate      = 200              // RPCs per second and policy
)

// system is the example's servers, each in its own process, and its client. The
// client sends RPCs to the servers in its file.
type system struct {
	bin     string
	servers map[string]*exampletest.Process // by address
	names   map[string]string               // by address
	file    string
	client  *exampletest.Process
	scraped string // address of /metrics
}

// startSystem starts everything, and returns when the client has called the servers
// with both policies.
func startSystem(t *testing.T) *system {
	t.Helper()
	s := &system{
		bin:     t.TempDir(),
		servers: make(map[string]*exampletest.Process),
		names:   make(map[string]string),
	}
	if err := programs.Build(s.bin, "../.."); err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for _, name := range []string{"member1.etcd.local", "member2.etcd.local", "member3.etcd.local"} {
		addrs = append(addrs, s.serve(t, name, "127.0.0.1:0"))
	}
	s.file = filepath.Join(t.TempDir(), "backends")
	s.use(t, addrs...)
	s.client = exampletest.StartProcess(t, filepath.Join(s.bin, programs.Client), "-backends-file", s.file,
		"-policies", `pick_first2, {"loadBalancingConfig": [{"round_robin2": {"balancer2Metrics": {"latency": true}}}]}`,
		"-keep", "-rate", strconv.Itoa(rate), "-timeout=30s",
		"-metrics-addr=127.0.0.1:0", "-retention", retention.String(), "-linger=1h")
	s.scraped = s.client.Stdout.Await(t, `metrics: http://(\S+)/metrics`, 1)[0]
	return s
}

// serve starts a server and returns its address.
func (s *system) serve(t *testing.T, name, addr string) string {
	t.Helper()
	p := exampletest.StartProcess(t, filepath.Join(s.bin, programs.Server), "-backends", name+"="+addr)
	addr = p.Stdout.Await(t, `(?m)^serving `+regexp.QuoteMeta(name)+`=(\S+)$`, 1)[0]
	s.servers[addr], s.names[addr] = p, name
	return addr
}

// addrs returns the addresses of all servers, sorted.
func (s *system) addrs() []string { return slices.Sorted(maps.Keys(s.servers)) }

// use makes the client use the servers at the addresses.
func (s *system) use(t *testing.T, addrs ...string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	var text strings.Builder
	for _, addr := range addrs {
		text.WriteString(s.names[addr] + "=" + addr + "\n")
	}
	if err := os.WriteFile(next, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, s.file); err != nil {
		t.Fatal(err)
	}
}

// statusLabels are the values of the label grpc_status for the codes that the
// client may print.
var statusLabels = map[string]string{"OK": "OK", "Unavailable": "UNAVAILABLE", "Canceled": "CANCELLED"}

// endRPCs stops the client's RPCs. It returns their numbers by policy and status
// code. The client continues to serve /metrics.
func (s *system) endRPCs(t *testing.T) map[string]float64 {
	t.Helper()
	s.client.Signal(t, syscall.SIGTERM)
	s.client.Stdout.Await(t, `serving /metrics for another`, 1)
	ended := make(map[string]float64)
	for _, policy := range []string{"pick_first2", "round_robin2"} {
		for entry := range strings.SplitSeq(s.client.Stdout.Await(t, `(?m)^`+policy+`: (.*)$`, 1)[0], ", ") {
			code, count, _ := strings.Cut(entry, " ")
			n, err := strconv.ParseFloat(count, 64)
			if err != nil {
				t.Fatalf("count of %s in %q: %v", policy, entry, err)
			}
			ended[policy+" "+statusLabels[code]] = n
		}
	}
	return ended
}

// require skips the test if a program is missing or -short is set. If
// REQUIRE_PROMETHEUS is set, it fails the test instead.
func require(t *testing.T) {
	t.Helper()
	give := t.Skipf
	if os.Getenv("REQUIRE_PROMETHEUS") != "" {
		give = t.Fatalf
	}
	if testing.Short() {
		give("-short is set; the test takes half a minute and runs two Prometheus servers")
	}
	for _, tool := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			give("%v; install Prometheus (on Debian: apt-get install prometheus)", err)
		}
	}
}
