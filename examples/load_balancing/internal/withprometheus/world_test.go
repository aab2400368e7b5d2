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
	"testing"
	"time"

	// What the programs are made of. Without it go test would take an old result
	// for one of programs that have changed.
	_ "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"
)

const (
	retention = 10 * time.Second // many scrapes, also where some time out
	rate      = 200              // RPCs per second and policy
)

// world is servers, each in a process of its own, and a client that sends RPCs
// to those that its file names.
type world struct {
	bin     string
	servers map[string]*process // by address
	names   map[string]string   // by address
	file    string
	client  *process
	scraped string // address of /metrics
}

// startWorld returns when the client has been answered with both policies.
func startWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		bin:     t.TempDir(),
		servers: make(map[string]*process),
		names:   make(map[string]string),
	}
	const example = "github.com/grpc-balancer2/balancer2/examples/load_balancing"
	build := exec.CommandContext(t.Context(), "go", "build", "-o", w.bin, example+"/server", example+"/client")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	var addrs []string
	for _, name := range []string{"member1.etcd.local", "member2.etcd.local", "member3.etcd.local"} {
		addrs = append(addrs, w.serve(t, name, "127.0.0.1:0"))
	}
	w.file = filepath.Join(t.TempDir(), "backends")
	w.use(t, addrs...)
	w.client = startProcess(t, filepath.Join(w.bin, "client"), "-backends-file", w.file,
		"-policies", `pick_first2, {"loadBalancingConfig": [{"round_robin2": {"metrics": {"latency": true}}}]}`,
		"-keep", "-rate", strconv.Itoa(rate), "-timeout=30s",
		"-metrics-addr=127.0.0.1:0", "-retention", retention.String(), "-linger=1h")
	w.scraped = w.client.await(t, `metrics: http://(\S+)/metrics`)[0]
	return w
}

// serve starts a server and returns its address.
func (w *world) serve(t *testing.T, name, addr string) string {
	t.Helper()
	p := startProcess(t, filepath.Join(w.bin, "server"), "-backends", name+"="+addr)
	addr = p.await(t, `(?m)^serving `+regexp.QuoteMeta(name)+`=(\S+)$`)[0]
	w.servers[addr], w.names[addr] = p, name
	return addr
}

// addrs returns the addresses of all servers, in order.
func (w *world) addrs() []string { return slices.Sorted(maps.Keys(w.servers)) }

// use has the client use the servers at the addresses.
func (w *world) use(t *testing.T, addrs ...string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	var text strings.Builder
	for _, addr := range addrs {
		text.WriteString(w.names[addr] + "=" + addr + "\n")
	}
	if err := os.WriteFile(next, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, w.file); err != nil {
		t.Fatal(err)
	}
}

// endRPCs has the client stop sending and returns how its RPCs have ended, by
// policy and status code. It goes on serving /metrics.
func (w *world) endRPCs(t *testing.T) map[string]float64 {
	t.Helper()
	w.client.terminate(t)
	w.client.await(t, `serving /metrics for another`)
	ended := make(map[string]float64)
	for _, policy := range []string{"pick_first2", "round_robin2"} {
		for entry := range strings.SplitSeq(w.client.await(t, `(?m)^`+policy+`: (.*)$`)[0], ", ") {
			code, count, _ := strings.Cut(entry, " ")
			n, err := strconv.ParseFloat(count, 64)
			if err != nil {
				t.Fatalf("count of %s in %q: %v", policy, entry, err)
			}
			ended[policy+" "+code] = n
		}
	}
	return ended
}
