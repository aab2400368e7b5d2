package exampletest

import (
	"os"
	"syscall"
)

// sysProcAttr puts a process at the head of its own group. The kernel kills the
// process when the test ends, even if its cleanups do not run.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills a process that nobody has waited for yet, and its children.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
