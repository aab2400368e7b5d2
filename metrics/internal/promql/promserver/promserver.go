// Package promserver runs a real Prometheus server for a test. Its programs,
// prometheus and promtool, must be on the PATH; see [Require].
package promserver

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// startup is how long a server may take until it is ready. A busy machine needs
// some seconds.
const startup = time.Minute

// Server is a Prometheus server that runs until its test is over.
type Server struct {
	url    string
	client http.Client
}

// Start starts a server with the text of a config file, and returns when it is
// ready. Its database is empty.
func Start(tb testing.TB, config string, flags ...string) *Server {
	tb.Helper()
	Require(tb, "prometheus")
	dir := tb.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	command := exec.Command("prometheus", append(flags, "--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")...)
	log := new(output)
	command.Stderr, command.Stdout = log, log
	command.SysProcAttr = sysProcAttr()
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	s := &Server{client: http.Client{Transport: new(http.Transport)}}
	tb.Cleanup(func() {
		s.client.CloseIdleConnections()
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
		if tb.Failed() {
			text := log.String()
			tb.Logf("the log of Prometheus ends with\n%s", text[max(0, len(text)-4000):])
		}
	})
	s.await(tb, log)
	return s
}

// Require skips a test or benchmark that needs a program of Prometheus which is not
// installed. If the environment variable REQUIRE_PROMETHEUS is set, it fails instead.
func Require(tb testing.TB, program string) {
	tb.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing := tb.Skipf
		if os.Getenv("REQUIRE_PROMETHEUS") != "" {
			missing = tb.Fatalf
		}
		missing("%v; install Prometheus (on Debian: apt-get install prometheus)", err)
	}
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

func (s *Server) await(tb testing.TB, log *output) {
	tb.Helper()
	for end := time.Now().Add(startup); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found := listening.FindStringSubmatch(log.String())
		if found == nil {
			continue
		}
		s.url = "http://" + found[1]
		if status, _, err := s.get("/-/ready"); err == nil && status == http.StatusOK {
			return
		}
	}
	tb.Fatalf("Prometheus is not ready after %v", startup)
}

var version = regexp.MustCompile(`version (\S+)`)

// Version returns the version of the program.
func Version(tb testing.TB) string {
	tb.Helper()
	Require(tb, "prometheus")
	text, err := exec.Command("prometheus", "--version").CombinedOutput()
	found := version.FindSubmatch(text)
	if err != nil || found == nil {
		tb.Fatalf("version of Prometheus: %v\n%s", err, text)
	}
	return string(found[1])
}

// Accepts tells whether the installed version takes the config. It asks
// promtool.
func Accepts(tb testing.TB, config string) bool {
	tb.Helper()
	Require(tb, "promtool")
	file := filepath.Join(tb.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	return exec.Command("promtool", "check", "config", file).Run() == nil
}

// output is what a program has written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func httpError(what string, status int, body []byte, err error) error {
	if err != nil {
		return fmt.Errorf("promserver: %s: %w", what, err)
	}
	return fmt.Errorf("promserver: %s: status %d: %s", what, status, body)
}
