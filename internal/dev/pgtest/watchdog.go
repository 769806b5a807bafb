package pgtest

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// epitaph waits for the end of its input, which is the end of the process
// that holds the other end of the pipe, however it ended. Then it ends the
// server of that directory, frozen or not, and removes the directory. The
// process id is trusted only while that process's command line names the
// directory. A server that is told to quit gives its shared memory back; one
// that does not in ten seconds is killed, the postmaster being stopped first,
// lest it replace its children.
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

// watchdog removes a server and its directory when this process ends. A
// parent-death signal would not do: it is bound to the thread that started
// the child, which the Go runtime may end at any time, and removes no files.
type watchdog struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func guard(dir string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", epitaph, "pgtest-watchdog", dir)
	// A session of its own, so that the interrupt typed at the terminal does
	// not reach it together with the tests.
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

// release lets the watchdog do its work now, and waits for it.
func (w *watchdog) release() error {
	if err := w.pipe.Close(); err != nil {
		return fmt.Errorf("release the watchdog: %w", err)
	}
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("wait for the watchdog: %w", err)
	}
	return nil
}
