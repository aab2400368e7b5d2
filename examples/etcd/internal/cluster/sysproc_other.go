//go:build !linux

package cluster

import "syscall"

// endsWithParent is for Linux. Elsewhere a process outlives this one if that is
// killed.
func endsWithParent() *syscall.SysProcAttr { return nil }
