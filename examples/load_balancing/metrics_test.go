package main_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

// keep runs the all-in-one program with -keep and returns once it sends RPCs.
func keep(t *testing.T, args ...string) process {
	t.Helper()
	p := run(t, programs.AllInOne, append([]string{"-backends", twoBackends, longTimeout, "-keep", "-metrics-addr=127.0.0.1:0"}, args...)...)
	p.Stdout.Await(t, "Ctrl-C ends it", 1)
	return p
}

// checkLivePage checks that the live page shows what the program does.
func (p process) checkLivePage(t *testing.T) {
	t.Helper()
	url := p.Stdout.Await(t, `live: (http://\S+/debug/lb);`, 1)[0]
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
	if len(page.Targets) != 2 || page.Targets[0].Target != target || page.Targets[1].Target != target ||
		page.Targets[0].Policy != "pick_first2" || page.Targets[1].Policy != "round_robin2" {
		t.Errorf("the live page shows %+v, want the target %s with either policy", page.Targets, target)
	}
}

func TestSignalEndsTheProgram(t *testing.T) {
	t.Parallel()
	p := keep(t)
	p.checkLivePage(t)
	p.interrupt(t)
	p.wantExit(t, 0)
	p.wantStderr(t)
	checkDocumented(t, p.Stdout.String(), 10)
	if !regexp.MustCompile(`sending 20 RPCs per second with each policy; metrics: http://127\.0\.0\.1:\d+/metrics; live: http://127\.0\.0\.1:\d+/debug/lb; Ctrl-C`).MatchString(p.Stdout.String()) {
		t.Errorf("stdout does not say what the program does and where the metrics are:\n%s", &p.Stdout)
	}
}

// With -retention the policies report to another registry. Their series go after
// that time, while
// -linger keeps the page up.
func TestSeriesGoAfterTheRetention(t *testing.T) {
	t.Parallel()
	p := keep(t, "-retention=2s", "-linger=1h")
	checkDocumented(t, p.Stdout.String(), 10)
	p.awaitSum(t, 1, "grpc_lb_rpc_attempts_total", `grpc_status="OK"`)
	p.checkLivePage(t)

	p.interrupt(t)
	p.Stdout.Await(t, "serving /metrics for another 1h0m0s; Ctrl-C ends it", 1)
	exampletest.Eventually(t, "the series have gone", func() (bool, any) {
		lines := p.scrape(t)
		return len(lines) == 0, strings.Join(lines, "")
	})

	p.interrupt(t)
	if p.ExitStatus(t) == 0 {
		t.Error("the second signal does not end the program itself")
	}
}

// The older text format, which a browser gets, has no exemplars and no native
// histograms.
func TestMetricsComeInTheFormatOfTheRequest(t *testing.T) {
	t.Parallel()
	p := keep(t)
	url := p.Stdout.Await(t, `metrics: (http://\S+/metrics)`, 1)[0]
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
