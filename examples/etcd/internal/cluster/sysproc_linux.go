package cluster

import "syscall"

// endsWithParent has a process killed when this one ends, however it does. Etcd
// does not watch its standard input, as the members here do. Linux counts from the
// thread that started the process: nobody may start a member in a goroutine that
// ends while it is locked to its thread.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
