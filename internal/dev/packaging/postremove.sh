#!/bin/sh
# The data in /var/lib/cloudapi stays, purge or not: whoever wants it gone says so.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
