//go:build !linux

package promserver

import "syscall"

func sysProcAttr() *syscall.SysProcAttr { return nil }
