#!/bin/sh
# Starts the service at the first installation, and restarts it, where it runs,
# at an upgrade.
set -e
[ "$1" = configure ] || exit 0
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ -z "$2" ]; then
  systemctl enable --now cloudapi.service
else
  systemctl try-restart cloudapi.service
fi
