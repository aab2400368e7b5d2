package scenario_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	twoBackends = "member1.etcd.local=127.0.0.1:0,member2.etcd.local=127.0.0.1:0"
	// patience is for what must happen; a test that gets there waits less.
	patience = 30 * time.Second
	// longTimeout is for RPCs that must succeed however busy the machine is.
	longTimeout = "-timeout=30s"
)

// asProgram is the environment variable that makes the test binary the
// all-in-one program.
const asProgram = "SCENARIO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		scenario.Main(scenario.RunAll)
	}
	forgetSoon()
	goleak.VerifyTestMain(m)
}

// forgetSoon makes the policies report to a Metrics that drops old series after
// some seconds, not minutes. The tests share one registry, and each scrape shows
// the series of the tests before; with -count these would be all that the tests
// are busy with.
func forgetSoon() {
	brief := metrics.New(metrics.WithRetention(5 * time.Second))
	prometheus.Unregister(metrics.Default)
	prometheus.MustRegister(brief)
	balancer.Register(brief.Instrument(pickfirst2.NewBuilder()))
	balancer.Register(brief.Instrument(roundrobin2.NewBuilder()))
}

var targets atomic.Int64

// newTarget returns a target of the test's own, which keeps its series apart
// from those of other tests in the one registry of the process.
func newTarget() string {
	return fmt.Sprintf("example:///t%d.example.grpc.io", targets.Add(1))
}

// process is a program that runs in this process.
type process struct {
	stdout, stderr output
	target         string
	interrupt      context.CancelFunc
	status         chan int
}

// start runs a program in the background; the test ends it if nobody else does.
func start(t *testing.T, run scenario.Program, target string, args ...string) *process {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	p := &process{target: target, interrupt: interrupt, status: make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.status <- run(ctx, scenario.Env{Args: args, Stdout: &p.stdout, Stderr: &p.stderr, Target: target})
	}()
	t.Cleanup(func() {
		interrupt()
		<-ended
	})
	return p
}

// run runs a program to its end.
func run(t *testing.T, program scenario.Program, args ...string) *process {
	t.Helper()
	return start(t, program, newTarget(), args...)
}

// wantExit waits for the end of the program and checks its exit status.
func (p *process) wantExit(t *testing.T, want int) {
	t.Helper()
	select {
	case got := <-p.status:
		if got != want {
			t.Errorf("exit status %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, &p.stdout, &p.stderr)
		}
	case <-time.After(patience):
		t.Fatalf("the program does not end\nstdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
	}
}

// wantStderr checks that the program has printed all parts on stderr, or
// nothing if there are none.
func (p *process) wantStderr(t *testing.T, parts ...string) {
	t.Helper()
	got := p.stderr.String()
	if len(parts) == 0 && got != "" {
		t.Errorf("stderr is not empty:\n%s", got)
	}
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("stderr does not say %q:\n%s", part, got)
		}
	}
}

// output collects what a program prints and can be waited for.
type output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed at the next change; nil if nobody waits
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the output matches the pattern in at least n places and
// returns these; of a pattern with a group, what the group matches.
func (o *output) await(t *testing.T, pattern string, n int) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for {
		o.mu.Lock()
		matches := expression.FindAllStringSubmatch(o.text.String(), -1)
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		if len(matches) >= n {
			var found []string
			for _, match := range matches {
				found = append(found, match[len(match)-1])
			}
			return found
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no %d of %q in the output:\n%s", n, pattern, o)
		}
	}
}

// startServers runs the server program and returns what it serves, as a value
// of the client's -backends.
func startServers(t *testing.T, args ...string) (servers *process, backends string) {
	t.Helper()
	servers = start(t, scenario.RunServer, "", append([]string{"-backends", twoBackends}, args...)...)
	return servers, strings.Join(servers.stdout.await(t, `(?m)^serving (\S+)$`, 2), ",")
}

// scrape returns the sample lines of target on the page of a program with -keep.
func (p *process) scrape(t *testing.T) []string {
	t.Helper()
	_, body := get(t, p.stdout.await(t, `metrics: (http://\S+/metrics)`, 1)[0], "")
	var lines []string
	for line := range strings.Lines(body) {
		if strings.Contains(line, `"`+p.target+`"`) {
			lines = append(lines, line)
		}
	}
	return lines
}

// get asks for a page that there is, in a format that Accept names.
func get(t *testing.T, url, accept string) (contentType, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %s, error %v:\n%s", url, response.Status, err, text)
	}
	return response.Header.Get("Content-Type"), string(text)
}

// takenPort returns an address that nobody else can listen on during the test.
func takenPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}
