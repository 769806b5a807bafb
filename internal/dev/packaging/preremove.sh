#!/bin/sh
# Stops the service when the package goes, not when a new version comes.
set -e
[ "$1" = remove ] || exit 0
[ -d /run/systemd/system ] || exit 0
systemctl disable --now cloudapi.service
