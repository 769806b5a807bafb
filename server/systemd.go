package main

import "github.com/coreos/go-systemd/v22/daemon"

// tellSystemd tells systemd, where it runs the server (Type=notify), what the
// server is doing: "" is serving. The server counts as started as soon as it
// listens, so that a database that is away does not hold up the start of the
// machine.
func tellSystemd(status string) {
	state := daemon.SdNotifyReady + "\nSTATUS=" + status
	switch status {
	case "":
		state = daemon.SdNotifyReady + "\nSTATUS=serving"
	case "starting":
		return // it does not listen yet
	case "stopping":
		state = daemon.SdNotifyStopping + "\nSTATUS=" + status
	}
	// Without systemd there is nobody to tell.
	_, _ = daemon.SdNotify(false, state)
}
