package main

import "github.com/coreos/go-systemd/v22/daemon"

// notifySystemd reports the server's status to systemd, if systemd runs it (Type=notify); "" means serving. The server counts
// as started as soon as it listens, so that an unavailable database does not delay the start of the machine.
func notifySystemd(status string) {
	state := daemon.SdNotifyReady + "\nSTATUS=" + status
	switch status {
	case "":
		state = daemon.SdNotifyReady + "\nSTATUS=serving"
	case "starting":
		return // it does not listen yet
	case "stopping":
		state = daemon.SdNotifyStopping + "\nSTATUS=" + status
	}
	// It fails without systemd.
	_, _ = daemon.SdNotify(false, state)
}
