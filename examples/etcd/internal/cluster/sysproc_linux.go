package cluster

import "syscall"

// endsWithParent has a process killed when this one ends, however it does. Etcd
// does not watch its standard input, as the members here do.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
