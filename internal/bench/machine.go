package main

import (
	"bufio"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is where and when something was measured.
type machine struct {
	Date      time.Time
	Cores     int
	Processor string
	System    string
	Go        string
}

func thisMachine() machine {
	return machine{
		Date: time.Now(), Cores: runtime.NumCPU(), Go: runtime.Version(),
		Processor: value("/proc/cpuinfo", "model name", ":", runtime.GOARCH),
		System:    value("/etc/os-release", "PRETTY_NAME", "=", runtime.GOOS),
	}
}

// value returns what a file says about a name, or else what is known anyway.
func value(path, name, sign, otherwise string) string {
	f, err := os.Open(path)
	if err != nil {
		return otherwise
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		found, text, _ := strings.Cut(lines.Text(), sign)
		if strings.TrimSpace(found) == name {
			return strings.Trim(text, ` "`)
		}
	}
	return otherwise
}
