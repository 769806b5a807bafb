#!/bin/sh
# Fetches the playground's scripts anew, at their pinned versions, from npm, and
# refuses them where they are not those of SHA256SUMS. To take new versions,
# change them here, run this with --new, and look at the playground.
set -eu
cd "$(dirname "$0")/assets"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
take() { # package@version, its licence's name, then the files to keep
  package=$1
  licence=$2
  shift 2
  mkdir -p "$work/$package"
  tarball=$(cd "$work" && npm pack --silent "$package")
  tar -xzf "$work/$tarball" -C "$work/$package" --strip-components=1
  for file in "$@"; do
    cp "$work/$package/$file" .
  done
  cp "$work/$package/LICENSE" "$licence"
}
take graphiql@4.1.2 graphiql.LICENSE graphiql.min.js graphiql.min.css
take react@18.2.0 react.LICENSE umd/react.production.min.js
take react-dom@18.2.0 react.LICENSE umd/react-dom.production.min.js
chmod 644 ./*
if [ "${1-}" = --new ]; then
  sha256sum ./* >../SHA256SUMS
fi
sha256sum --check --strict ../SHA256SUMS
