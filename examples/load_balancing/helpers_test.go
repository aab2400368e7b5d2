package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

const (
	twoBackends = "member1.etcd.local=127.0.0.1:0,member2.etcd.local=127.0.0.1:0"
	target      = "example:///lb.example.grpc.io"
	// longTimeout is for RPCs that must succeed even on a busy machine.
	longTimeout = "-timeout=30s"
)

// bin is the directory that the programs are built into.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "load_balancing-"); err == nil {
		err = programs.Build(bin, ".")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		_ = os.RemoveAll(bin) // it is in the directory for temporary files
		os.Exit(status)
	}))
}

// process is one of the programs.
type process struct{ *exampletest.Process }

// run starts a program. It is killed when the test ends, if it still runs.
func run(t *testing.T, program string, args ...string) process {
	t.Helper()
	return process{exampletest.StartProcess(t, filepath.Join(bin, program), args...)}
}

// interrupt asks the program to end, as Ctrl-C does.
func (p process) interrupt(t *testing.T) {
	t.Helper()
	p.Signal(t, os.Interrupt)
}

// wantExit waits for the end of the program and checks its exit status.
func (p process) wantExit(t *testing.T, want int) {
	t.Helper()
	if got := p.ExitStatus(t); got != want {
		t.Errorf("exit status %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, &p.Stdout, &p.Stderr)
	}
}

// wantStderr checks that the program printed all parts on stderr. Without parts it
// checks that the program printed nothing.
func (p process) wantStderr(t *testing.T, parts ...string) {
	t.Helper()
	got := p.Stderr.String()
	if len(parts) == 0 && got != "" {
		t.Errorf("stderr is not empty:\n%s", got)
	}
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("stderr does not say %q:\n%s", part, got)
		}
	}
}

// startServers runs the server program. It returns the backends as a value of the
// client's
// -backends.
func startServers(t *testing.T, args ...string) (servers process, backends string) {
	t.Helper()
	servers = run(t, programs.Server, append([]string{"-backends", twoBackends}, args...)...)
	return servers, strings.Join(servers.Stdout.Await(t, `(?m)^serving (\S+)$`, 2), ",")
}

// scrape returns the sample lines of the client's target on /metrics. The program
// must run with
// -keep.
func (p process) scrape(t *testing.T) []string {
	t.Helper()
	_, body := get(t, p.Stdout.Await(t, `metrics: (http://\S+/metrics)`, 1)[0], "")
	var lines []string
	for line := range strings.Lines(body) {
		if strings.Contains(line, `"`+target+`"`) {
			lines = append(lines, line)
		}
	}
	return lines
}

// get returns an existing page, in the format that accept asks for.
func get(t *testing.T, url, accept string) (contentType, body string) {
	t.Helper()
	page := exampletest.Get(t, url, accept)
	if page.Status != http.StatusOK {
		t.Fatalf("GET %s: status %d:\n%s", url, page.Status, page.Text)
	}
	return page.ContentType, page.Text
}

// takenPort returns an address that is in use during the test.
func takenPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}
