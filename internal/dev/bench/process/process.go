// Package process reads the resources that processes have used, from Linux's /proc.
package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: a hundredth of a second (USER_HZ).
const tick = 10 * time.Millisecond

// usage has the used fields of /proc/PID/stat.
type usage struct {
	parent int
	own    time.Duration // of the process
	reaped time.Duration // of children that have ended and been waited for
}

// CPU returns the CPU time of a process, in user and kernel mode, without its children.
func CPU(pid int) (time.Duration, error) {
	u, err := read(pid)
	return u.own, err
}

// FamilyCPU returns the CPU time of a process and its children, including ended ones. For a PostgreSQL server, use the
// process id of the postmaster.
func FamilyCPU(pid int) (time.Duration, error) {
	parent, err := read(pid)
	if err != nil {
		return 0, err
	}
	sum := parent.own + parent.reaped
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, fmt.Errorf("list the processes: %w", err)
	}
	for _, path := range stats {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		u, err := read(child)
		if err == nil && u.parent == pid {
			sum += u.own + u.reaped
		}
	}
	return sum, nil
}

func read(pid int) (u usage, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return u, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	// The format is: pid (name) state parent …, where the name may contain anything. After it, counting from 0, the parent
	// is field 1, and utime to cstime are fields 11 to 14.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return u, fmt.Errorf("read the CPU time of process %d: unknown form %q", pid, text)
	}
	var n [4]int64
	var errs [5]error
	u.parent, errs[4] = strconv.Atoi(fields[1])
	for i := range n {
		n[i], errs[i] = strconv.ParseInt(fields[11+i], 10, 64)
	}
	u.own, u.reaped = time.Duration(n[0]+n[1])*tick, time.Duration(n[2]+n[3])*tick
	return u, errors.Join(errs[:]...)
}

// PeakMemory returns the maximum memory of a process so far, in bytes of RAM (VmHWM).
func PeakMemory(pid int) (int64, error) { return memory(pid, "VmHWM:") }

// Memory returns the current memory of a process, in bytes of RAM (VmRSS).
func Memory(pid int) (int64, error) { return memory(pid, "VmRSS:") }

func memory(pid int, line string) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	_, rest, found := strings.Cut(string(text), line)
	value, _, unit := strings.Cut(rest, " kB")
	if !found || !unit {
		return 0, fmt.Errorf("read the memory of process %d: it tells no %s", pid, line)
	}
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	return kilobytes << 10, nil
}

// MachineMemory returns the memory of the machine, in bytes.
func MachineMemory() (int64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read the machine's memory: %w", err)
	}
	var kilobytes int64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("read the machine's memory: %w", err)
	}
	return kilobytes << 10, nil
}
