package withprometheus_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

const scrapeInterval = 500 * time.Millisecond

// prometheus is a Prometheus server that scrapes the client.
type prometheus struct {
	name string
	*exampletest.Process
	url string
}

// startPrometheus starts a server and returns when it is ready. The server ends
// with the test.
func startPrometheus(t *testing.T, name, config string, flags ...string) *prometheus {
	t.Helper()
	p := &prometheus{name: name, Process: exampletest.StartProcess(t, "prometheus", append(flags,
		"--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address=127.0.0.1:0")...)}
	p.url = "http://" + p.Stderr.Await(t, `msg="Listening on".* address=(\S+)`, 1)[0]
	exampletest.Eventually(t, name+" is ready", func() (bool, any) {
		page := exampletest.Get(t, p.url+"/-/ready", "")
		return page.Status == http.StatusOK, page.Text
	})
	return p
}

// startOpenMetrics starts a server that scrapes OpenMetrics, which it prefers to
// the older text format.
func startOpenMetrics(t *testing.T, target string) *prometheus {
	t.Helper()
	return startPrometheus(t, "Prometheus", writeConfig(t, target, ""))
}

// checkOpenMetrics checks that the server got OpenMetrics. Only in this format the
// name in the metadata of a counter has no _total.
func checkOpenMetrics(t *testing.T, p *prometheus) {
	t.Helper()
	exampletest.Eventually(t, p.name+" has metadata as of OpenMetrics", func() (bool, any) {
		page := exampletest.Get(t, p.url+"/api/v1/metadata?metric=grpc_lb_picks", "")
		return strings.Contains(page.Text, `"grpc_lb_picks"`), page.Text
	})
}

// startNative starts a server that scrapes protobuf, which has native histograms.
// Older versions of Prometheus need a flag for it, newer ones a line in the config.
func startNative(t *testing.T, target string) *prometheus {
	t.Helper()
	config := writeConfig(t, target, "    scrape_native_histograms: true\n")
	if exec.CommandContext(t.Context(), "promtool", "check", "config", config).Run() != nil {
		config = writeConfig(t, target, "") // an older version does not know the line
	}
	return startPrometheus(t, "Prometheus with native histograms", config, "--enable-feature=native-histograms")
}

func writeConfig(t *testing.T, target, more string) string {
	t.Helper()
	text := fmt.Sprintf(`
global:
  scrape_interval: %v
  scrape_timeout: %[1]v
scrape_configs:
  - job_name: client
    static_configs:
      - targets: [%q]
%s`, scrapeInterval, target, more)
	path := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
