package pgtest

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// epitaph waits for the end of its input, which is the end of the process at the other end of the pipe, however it ended.
// Then it ends the server of the directory, also a frozen one, and removes the directory. It uses the process id only if
// that process's command line contains the directory. A server that quits in order frees its shared memory; one that does
// not within ten seconds is killed. The postmaster is suspended first, so that it does not replace its children.
const epitaph = `
trap '' INT TERM HUP
cat >/dev/null
dir=$1
pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null)
ours() { [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$dir/data"; }
children() { cat "/proc/$pid/task/$pid/children"; }
if ours; then
	kill -QUIT "$pid"
	kill -CONT "$pid" $(children)
	for try in $(seq 100); do ours || break; sleep 0.1; done
fi
if ours; then
	kill -STOP "$pid"
	kill -KILL $(children) "$pid"
fi
for try in 1 2 3 4 5; do
	rm -rf "$dir" && break
	sleep 1
done
`

// watchdog removes a server and its directory when this process ends. A parent-death signal would not suffice: it is bound
// to the thread that started the child, which the Go runtime may end at any time, and it removes no files.
type watchdog struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func guard(dir string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", epitaph, "pgtest-watchdog", dir)
	// It has its own session, so that an interrupt at the terminal does not reach it together with the tests.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir = "/"
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, pipe: pipe}, nil
}

// release makes the watchdog do its work now, and waits for it.
func (w *watchdog) release() error {
	if err := w.pipe.Close(); err != nil {
		return fmt.Errorf("release the watchdog: %w", err)
	}
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("wait for the watchdog: %w", err)
	}
	return nil
}
