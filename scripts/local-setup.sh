#!/usr/bin/env bash
# Installs what is missing, builds Sixty, and runs the whole system in the foreground. Safe to run again.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$repository/scripts/lib/install.sh"

usage() {
  cat <<'HELP'
Usage: scripts/local-setup.sh [--no-run] [-- OPTIONS OF sixty dev]

Installs what is missing, builds Sixty, and runs the whole system in the foreground until Ctrl-C.

  --no-run   install and build only
  --help     show this

What it needs: git, a Rust toolchain (https://rustup.rs), and, to install packages, root or sudo (Debian, Ubuntu) or
Homebrew (macOS). What it installs when missing: a C compiler, PostgreSQL (server and client), Redis, and Node.js, which
builds the dashboard. Servers that those packages would start by themselves are not started, and servers that were there
before are left alone.

Variables that move things (all of them in .env.example): PORT (3000), ADMIN_DB_PORT (5433), DB_PORT (5432),
REDIS_PORT (6379), SIXTY_CUSTOMER_PORTS (5434-5999), SIXTY_HOME (state), SIXTY_PG_BIN (a PostgreSQL's bin folder).
HELP
}

run=yes
while [ $# -gt 0 ]; do
  case "$1" in
  --help | -h)
    usage
    exit 0
    ;;
  --no-run) run=no ;;
  --)
    shift
    break
    ;;
  *)
    usage >&2
    fail "unknown option: $1"
    ;;
  esac
  shift
done

cd "$repository"

step "1/3  What the machine needs"
ensure_rust
say "Rust: $(rustc --version | awk '{ print $2 }')"
ensure_compiler
ensure_postgresql optional
ensure_redis
ensure_node "${CARGO_TARGET_DIR:-$repository/target}/tools"

step "2/3  Building (several minutes the first time, seconds after that)"
./scripts/build-dashboard.sh ||
  fail "the dashboard could not be built; npm's message is above. If it speaks of the network, check that the npm registry can be reached."
cargo build --release --locked -p sixty ||
  fail "the build failed; the compiler's message is above. If it speaks of the network, check that crates.io can be reached."
program=${CARGO_TARGET_DIR:-$repository/target}/release/sixty

if [ "$run" = no ]; then
  say ""
  say "Ready. Start the system with: $program dev"
  exit 0
fi

step "3/3  sixty dev (Ctrl-C stops it)"
exec "$program" dev "$@"
