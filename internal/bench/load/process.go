package load

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Process is the number of a running process. What it uses is read from /proc, and is 0 on systems that have none.
type Process int

// tick is the unit of times in /proc: Linux has had it at a hundredth of a second on all processors that Go runs on.
const tick = 10 * time.Millisecond

// CPU is how long processors have worked for the process, in its own code and in the kernel.
func (p Process) CPU() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0
	}
	return cpu(stat)
}

// cpu reads the 14th and the 15th field, utime and stime. The second is the program's name in parentheses, and may hold both
// blanks and parentheses.
func cpu(stat []byte) time.Duration {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// Memory is what the process has in memory, in bytes: the most so far, and now.
func (p Process) Memory() (peak, now int64) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmHWM":
			peak = kib << 10
		case "VmRSS":
			now = kib << 10
		}
	}
	return peak, now
}
