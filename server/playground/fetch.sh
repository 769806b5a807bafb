#!/bin/sh
# Fetches the playground's scripts anew, at their pinned versions, from npm.
set -eu
cd "$(dirname "$0")/assets"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
take() { # package@version, then the files to keep
  package=$1
  shift
  mkdir -p "$work/$package"
  tarball=$(cd "$work" && npm pack --silent "$package")
  tar -xzf "$work/$tarball" -C "$work/$package"
  for file in "$@"; do
    cp "$work/$package/package/$file" .
  done
  cp "$work/$package/package/LICENSE" "${package%%@*}.LICENSE"
}
take graphiql@4.1.2 graphiql.min.js graphiql.min.css
take react@18.2.0 umd/react.production.min.js
take react-dom@18.2.0 umd/react-dom.production.min.js
rm -f react-dom.LICENSE
chmod 644 ./*
