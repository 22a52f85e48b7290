#!/usr/bin/env bash
# Installs what is missing and passes every test: what continuous integration runs. Safe to run again.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$repository/scripts/lib/install.sh"

usage() {
  cat <<'HELP'
Usage: scripts/test.sh

Installs what is missing (a C compiler, PostgreSQL, Redis, Node.js, Chromium, Python, moto, Pebble, the Rust components rustfmt and
clippy), then checks formatting, lints, the dependency policy, every test and the documentation, and the dashboard in a real
browser. The tests run PostgreSQL and Redis servers of their own on free ports and in temporary folders; no server of this
machine is touched.
HELP
}

takes_no_options "$@"

cd "$repository"
target=${CARGO_TARGET_DIR:-$repository/target}
# Nobody looks at the progress bar of a log.
[ -t 2 ] || export CARGO_TERM_PROGRESS_WHEN=never
# Incremental compilation helps the second build only, and what debuggers read helps nobody there; both cost the first build time
# and disk. A panic still says where it was.
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=none

passed=()

# Runs one check, and says which one it was if it fails.
check() {
  local name=$1 begun=$SECONDS
  shift
  step "$name"
  "$@" || fail "$name failed after $((SECONDS - begun)) s: $*
It is the check above that has the message. Passed before it: ${passed[*]:-nothing}"
  passed+=("$name ($((SECONDS - begun)) s),")
}

install_everything() {
  ensure_rust
  ensure_rust_component rustfmt cargo-fmt
  ensure_rust_component clippy cargo-clippy
  ensure_compiler
  ensure_postgresql required
  ensure_redis
  ensure_node "$target/tools"
  ensure_chromium "$target/tools" "$repository/dashboard"
  ensure_python
  ensure_moto "$target/tools"
  ensure_pebble
}

# `cargo build` builds the program too, which the system tests start. One process runs all tests of a test program, so
# that they share one PostgreSQL server; a runner with a process per test would start one for each. Benchmarks have no
# tests, and that they compile is known from the lints.
#
# The dashboard's test takes as long as all others together, and much of that is waiting: it begins when what it needs is built, and
# the others are built and run beside it. The documentation is built beside its end.
run_tests() {
  local tested=(--workspace --exclude 'bench-*' --locked) browser=dashboard::an_operator_finds_their_way passed=true said beside
  # Of the whole workspace, so that what it has in common with the rest is built once.
  cargo build "${tested[@]}" --bins --test system || return
  said=$(mktemp)
  cargo test "${tested[@]}" --test system -- --exact "$browser" >"$said" 2>&1 &
  beside=$!
  # What runs in the background doesn't hear of Ctrl-C.
  trap 'kill "$beside" 2>/dev/null' EXIT
  # One cargo builds at a time: this one has nothing to build, and goes first.
  until grep -q '^running 1 test' "$said" || ! kill -0 "$beside" 2>/dev/null; do sleep 1; done
  cargo test "${tested[@]}" --no-fail-fast -- --skip "$browser" || passed=false
  step "tests: the documentation"
  document || passed=false
  step "tests: the dashboard in a browser"
  wait "$beside" || passed=false
  trap - EXIT
  cat "$said"
  # A test by another name would be none, and no failure.
  grep -q '1 passed' "$said" || passed=false
  rm -f "$said"
  "$passed"
}

# The pages are embedded in the program, so they are built before it.
dashboard() {
  ./scripts/build-dashboard.sh && (cd dashboard && npm run --silent check && npm test --silent)
}

document() {
  RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked --quiet
}

step "What the machine needs"
install_everything

check "format" cargo fmt --all --check
if have shellcheck; then
  check "scripts" shellcheck -x scripts/*.sh scripts/lib/*.sh .ci/run
fi
check "dashboard" dashboard
check "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
# The same policy is held by system-tests' `architecture` test, which needs no cargo-deny; that of npm is held there alone.
if have cargo-deny; then
  check "dependency policy" cargo deny --locked --log-level error check bans licenses sources
fi
# Fails when something is known, never because nobody could be asked.
check "known vulnerabilities" ./scripts/check-advisories.sh --when-reachable
check "tests and documentation" run_tests

printf '\n\033[1;32mAll passed in %d s:\033[0m %s\n' "$SECONDS" "$(printf '%s ' "${passed[@]}" | sed 's/, $//')"
