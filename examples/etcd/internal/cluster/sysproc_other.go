//go:build !linux

package cluster

import "syscall"

// endsWithParent works only on Linux. Elsewhere, if this process is killed, the process
// that it started continues to run.
func endsWithParent() *syscall.SysProcAttr { return nil }
