package scenario_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"
)

// separate is the all-in-one program as users run it: in a process of its own,
// with the metrics that the policies report to there.
type separate struct {
	process
	command *exec.Cmd
}

// startSeparate starts the program with -keep; the test kills it if it does not
// end before.
func startSeparate(t *testing.T, args ...string) *separate {
	t.Helper()
	args = append([]string{"-backends", twoBackends, longTimeout, "-keep", "-metrics-addr=127.0.0.1:0"}, args...)
	s := &separate{
		process: process{target: scenario.DefaultTarget},
		command: exec.CommandContext(t.Context(), os.Args[0], args...),
	}
	s.command.Env = append(os.Environ(), asProgram+"=1")
	s.command.Stdout, s.command.Stderr = &s.stdout, &s.stderr
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.command.ProcessState == nil {
			_ = s.command.Wait() // the end of the test's context kills it
		}
	})
	s.stdout.await(t, "Ctrl-C ends it", 1)
	return s
}

// checkLivePage checks that the live page shows what the program does.
func (s *separate) checkLivePage(t *testing.T) {
	t.Helper()
	url := s.stdout.await(t, `live: (http://\S+/debug/lb);`, 1)[0]
	if contentType, _ := get(t, url, ""); !strings.HasPrefix(contentType, "text/html") {
		t.Errorf("the live page is %s, want text/html", contentType)
	}
	_, text := get(t, url+"?format=json", "")
	var page struct {
		Targets []struct{ Target, Policy string }
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if len(page.Targets) != 2 || page.Targets[0].Target != s.target || page.Targets[1].Target != s.target ||
		page.Targets[0].Policy != "pick_first2" || page.Targets[1].Policy != "round_robin2" {
		t.Errorf("the live page shows %+v, want the target %s with either policy", page.Targets, s.target)
	}
}

func (s *separate) signal(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		t.Skipf("this system cannot send SIGINT: %v", err)
	}
}

func TestSignalEndsTheProgram(t *testing.T) {
	t.Parallel()
	s := startSeparate(t)
	s.checkLivePage(t)
	s.signal(t)
	if err := s.command.Wait(); err != nil || s.stderr.String() != "" {
		t.Errorf("the program ends with %v and says %q, want neither", err, &s.stderr)
	}
	checkDocumented(t, s.stdout.String(), 10)
	if !regexp.MustCompile(`sending 20 RPCs per second with each policy; metrics: http://127\.0\.0\.1:\d+/metrics; live: http://127\.0\.0\.1:\d+/debug/lb; Ctrl-C`).MatchString(s.stdout.String()) {
		t.Errorf("stdout does not say what goes on and where the metrics are:\n%s", &s.stdout)
	}
}

// With -retention the policies report to a registry of the program's own. What
// they reported goes after that time, while -linger keeps the page up.
func TestSeriesGoAfterTheRetention(t *testing.T) {
	t.Parallel()
	s := startSeparate(t, "-retention=2s", "-linger=1h")
	checkDocumented(t, s.stdout.String(), 10)
	s.awaitSum(t, 1, "grpc_lb_rpcs_total", `grpc_code="OK"`)
	s.checkLivePage(t)

	s.signal(t)
	s.stdout.await(t, "serving /metrics for another 1h0m0s; Ctrl-C ends it", 1)
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for lines := s.scrape(t); len(lines) > 0; lines = s.scrape(t) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("these series stay:\n%s", strings.Join(lines, ""))
		}
	}

	s.signal(t)
	if err := s.command.Wait(); err == nil {
		t.Error("the second signal does not end the program itself")
	}
}

// Exemplars and native histograms have no place in the older text format, which
// is what a browser gets.
func TestMetricsComeInTheFormatThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := startSeparate(t)
	url := s.stdout.await(t, `metrics: (http://\S+/metrics)`, 1)[0]
	for accept, want := range map[string]string{
		"": "text/plain; version=0.0.4;",
		"application/openmetrics-text;version=1.0.0":                                                               "application/openmetrics-text; version=1.0.0;",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=1,*/*;q=0.1": "application/vnd.google.protobuf;",
	} {
		contentType, body := get(t, url, accept)
		if !strings.HasPrefix(contentType, want) || !strings.Contains(body, "grpc_lb_picks") {
			t.Errorf("Accept %q: got %s and %d bytes, want %s", accept, contentType, len(body), want)
		}
	}
}
