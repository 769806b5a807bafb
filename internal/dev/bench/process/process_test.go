package process_test

import (
	"os"
	"os/exec"
	"testing"

	"cloudapi/internal/dev/bench/process"
)

// TestFamily: the CPU time of a child counts once it is waited for, and only in its parent's family.
func TestFamily(t *testing.T) {
	own, before := measure(t)
	if err := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	ownAfter, after := measure(t)
	if after-before <= ownAfter-own {
		t.Errorf("the family used %v, this process alone %v", after-before, ownAfter-own)
	}
}

func measure(t *testing.T) (own, family float64) {
	t.Helper()
	o, err := process.CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	f, err := process.FamilyCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return o.Seconds(), f.Seconds()
}

func TestMemory(t *testing.T) {
	peak, err := process.PeakMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	all, err := process.MachineMemory()
	if err != nil || peak < 1<<20 || peak > all {
		t.Errorf("this process held %d of %d bytes: %v", peak, all, err)
	}
	if _, err := process.CPU(-1); err == nil {
		t.Error("a process that does not exist has used CPU time")
	}
}
