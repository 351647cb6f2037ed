#!/bin/sh
# Builds ../dist from a clean install; "build.sh check" only compares.
set -eu
cd "$(dirname "$0")"
npm ci
npm run "${1:-build}"
