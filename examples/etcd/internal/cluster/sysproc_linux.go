package cluster

import "syscall"

// endsWithParent makes the kernel kill a process when this one ends. The program etcd
// needs it, because it does not watch its standard input. Linux in fact waits for the end
// of the thread that started the process: do not start a member on a goroutine that ends
// while it is locked to its thread.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
