package withprometheus_test

import (
	"os"
	"syscall"
)

// sysProcAttr puts a process at the head of a group of its own and has it killed
// with the test, even where that ends without its cleanups.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills a process that nobody has waited for yet, and its children.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
