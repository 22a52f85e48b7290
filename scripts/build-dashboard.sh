#!/usr/bin/env bash
# Builds the dashboard into dashboard/dist, from where the program embeds it. Does nothing when nothing has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../dashboard"

[ node_modules/.package-lock.json -nt package-lock.json ] ||
  npm ci --ignore-scripts --no-audit --no-fund --silent
if [ -f dist/index.html ] &&
  [ -z "$(find src public build index.html vite.config.ts postcss.config.cjs package-lock.json -newer dist/index.html -print -quit)" ]; then
  echo "the dashboard is built already"
  exit 0
fi
npm run --silent build
# Cargo looks at times: what embeds the files is built anew.
touch dist/index.html
