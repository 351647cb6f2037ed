package main

import "syscall"

// bound has the system end a child when this process ends, in whatever way.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
