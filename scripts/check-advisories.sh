#!/usr/bin/env bash
# Asks the public databases of advisories whether anything that we depend on has a known vulnerability.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$repository/scripts/lib/install.sh"

usage() {
  cat <<'HELP'
Usage: scripts/check-advisories.sh [--when-reachable]

Crates: `cargo deny check advisories` or `cargo audit`, whichever is installed, over RustSec's database. Packages of npm: `npm audit`
over every package-lock.json, of the registry that npm is configured with.

Ends with 0 when both were asked and know of nothing, with 1 when they know of something, and with 2 when one could not be asked.
With --when-reachable that is said loudly and counts as nothing found: a database far away fails nobody's build. scripts/test.sh
asks so.
HELP
}

when_reachable=
case "${1:-}" in
'') ;;
--when-reachable) when_reachable=1 ;;
--help | -h)
  usage
  exit 0
  ;;
*)
  usage >&2
  fail "unknown option: $1"
  ;;
esac

# How long one of them may take, in seconds.
readonly PATIENCE=120

cd "$repository"
known=()
unasked=()
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# What ends with an error has either found something or could not ask; which, its last words say.
could_not_ask() {
  grep -qiE 'failed to fetch|fetch.*advisory|couldn.t fetch|error fetching|git operation failed|io error|could not resolve|network|connect|timed? ?out|ENOTFOUND|ECONN|EAI_AGAIN|ENOAUDIT|endpoint|not implemented|unable to load|404|403|405|50[0-9]' "$output"
}

ask() {
  local what=$1 finding=$2
  shift 2
  step "advisories: $what"
  local code=0
  timeout "$PATIENCE" "$@" >"$output" 2>&1 || code=$?
  if [ "$code" = 0 ]; then
    say "$what: nothing is known"
  elif grep -qE "$finding" "$output"; then
    cat "$output"
    known+=("$what")
  elif [ "$code" = 124 ] || could_not_ask; then
    tail -n 5 "$output"
    unasked+=("$what")
  else
    cat "$output"
    known+=("$what (it failed, and doesn't say that it could not ask)")
  fi
}

crates() {
  if have cargo-deny; then
    ask "crates" '^error\[(vulnerability|unsound|unmaintained|yanked|notice)\]' cargo deny --locked check advisories
  elif have cargo-audit; then
    ask "crates" '(vulnerabilit(y|ies) found|^ID: +RUSTSEC)' cargo audit
  else
    say "neither cargo-deny nor cargo-audit is installed: cargo install --locked cargo-deny"
    unasked+=("crates")
  fi
}

packages() {
  local lock
  while IFS= read -r lock; do
    ask "$(dirname "$lock")" '(severity|vulnerabilit(y|ies))' npm --prefix "$(dirname "$lock")" audit --package-lock-only \
      --fetch-retries=0 --fetch-timeout=20000
  done < <(find . \( -name node_modules -o -name target \) -prune -o -name package-lock.json -print | sort)
}

crates
if have npm; then
  packages
else
  unasked+=("packages of npm: npm isn't installed")
fi

if [ "${#known[@]}" -gt 0 ]; then
  fail "something is known of: ${known[*]}"
fi
if [ "${#unasked[@]}" -gt 0 ]; then
  printf '\n\033[1;33mNOT CHECKED for known vulnerabilities: %s\033[0m\n' "${unasked[*]}" >&2
  printf 'The database of advisories could not be asked. Run scripts/check-advisories.sh where there is a network.\n' >&2
  [ -n "$when_reachable" ] || exit 2
fi
