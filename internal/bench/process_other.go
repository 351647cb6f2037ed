//go:build !linux

package main

import "syscall"

// bound does nothing where the system cannot end a child with its parent: an interrupt from the terminal reaches both.
func bound() *syscall.SysProcAttr { return nil }
