package withprometheus_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is for what must happen; a test that gets there waits less.
const patience = 60 * time.Second

// poll calls done until it is true. What done says of the state is the failure
// if it never is.
func poll(t *testing.T, what string, done func() (ok bool, state string)) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, state := done()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %v: %s", what, patience, state)
		}
	}
}

// process is a program that runs until it is killed or stopped, or the test is
// over.
type process struct {
	name    string
	command *exec.Cmd
	output  output
}

func startProcess(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{name: filepath.Base(program), command: exec.Command(program, args...)}
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = sysProcAttr()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("output of %s:\n%s", strings.Join(p.command.Args, " "), p.output.tail())
		}
	})
	return p
}

// kill ends the process at once, as kill -9 does, and waits for its end.
func (p *process) kill() {
	if p.command.ProcessState == nil {
		killGroup(p.command.Process)
		_ = p.command.Wait() // says that it was killed
	}
}

// terminate asks the process to end.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("end %s: %v", p.name, err)
	}
}

// await waits for output that matches the pattern and returns what its groups
// match.
func (p *process) await(t *testing.T, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	var found []string
	poll(t, fmt.Sprintf("output of %s like %s", p.name, pattern), func() (bool, string) {
		found = expression.FindStringSubmatch(p.output.String())
		return found != nil, ""
	})
	return found[1:]
}

// output collects what a process prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail returns the end of the output, enough to see why a process failed.
func (o *output) tail() string {
	text := o.String()
	return text[max(0, len(text)-4000):]
}

// require skips the test where it cannot or shall not run, or fails it where
// REQUIRE_PROMETHEUS says that it must.
func require(t *testing.T) {
	t.Helper()
	give := t.Skipf
	if os.Getenv("REQUIRE_PROMETHEUS") != "" {
		give = t.Fatalf
	}
	if testing.Short() {
		give("it takes half a minute and runs two Prometheus servers, which -short is to spare")
	}
	for _, tool := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			give("%v; install Prometheus (on Debian: apt-get install prometheus)", err)
		}
	}
}
