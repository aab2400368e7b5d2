package exampletest

import (
	"os"
	"syscall"
)

// sysProcAttr makes a process the leader of its own group. The kernel kills the
// process when the test program ends, even if the cleanups do not run.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills a process and its children. The process must not have been waited for.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
