package exampletest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Process is a running program. If it does not end earlier, it is killed when the
// test ends.
type Process struct {
	Stdout, Stderr Output

	command *exec.Cmd
	ended   chan struct{}
}

// StartProcess starts a program. If the test fails, the end of the program's output
// is logged.
func StartProcess(t *testing.T, program string, args ...string) *Process {
	t.Helper()
	p := &Process{command: exec.Command(program, args...), ended: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = &p.Stdout, &p.Stderr
	p.command.SysProcAttr = sysProcAttr()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // the process's state says more
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s\nstdout:\n%s\nstderr:\n%s", strings.Join(p.command.Args, " "), tail(&p.Stdout), tail(&p.Stderr))
		}
	})
	return p
}

// tail returns the end of the output, enough to see why a process failed.
func tail(o *Output) string {
	text := o.String()
	return text[max(0, len(text)-4000):]
}

// Kill ends the process at once, as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	select {
	case <-p.ended:
	default:
		killGroup(p.command.Process)
		<-p.ended
	}
}

// Signal sends the process a signal. It skips the test on systems that cannot do so.
func (p *Process) Signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		t.Skipf("this system cannot send %v: %v", signal, err)
	}
}

// ExitStatus waits for the end of the process and returns its exit status, or -1 if
// a signal ended it.
func (p *Process) ExitStatus(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		t.Fatal("the process does not end")
	}
	return p.command.ProcessState.ExitCode()
}
