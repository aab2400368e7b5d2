package promserver

import "syscall"

// sysProcAttr has the kernel kill a process when the test ends, even if its
// cleanups do not run.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
