//go:build !linux

package cluster

import "syscall"

// endsWithParent works on Linux only. Elsewhere a process outlives this one if this
// one is killed.
func endsWithParent() *syscall.SysProcAttr { return nil }
