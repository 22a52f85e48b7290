#!/usr/bin/env bash
# Builds the program that is given to others, twice: first so that it counts which way it goes while bench/guarded-path asks
# it, then so that the ways it goes are the short ones.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$repository/scripts/lib/install.sh"

usage() {
  cat <<'HELP'
Usage: scripts/build-release.sh

Installs what is missing (a C compiler, PostgreSQL, Redis, Node.js, wrk, LLVM's llvm-profdata), then builds `sixty` guided by a profile.
The program, and the benchmark that measures it, are in target/release-build afterwards. Takes two builds: half an hour on two
cores. `cargo build --profile dist -p sixty` builds the same program without a profile.
HELP
}

takes_no_options "$@"

cd "$repository"
target=${CARGO_TARGET_DIR:-$repository/target}
counts=$target/counted/profile
profile=$target/counted/sixty.profdata

# With a target named, what runs while building (macros, build scripts) isn't counted.
build() {
  RUSTFLAGS="${RUSTFLAGS:-} $1" cargo build --profile dist --locked --quiet --target "$host" --target-dir "$2" \
    -p sixty -p bench-guarded-path
}

step "What the machine needs"
ensure_rust
ensure_compiler
ensure_postgresql required
ensure_redis
ensure_node "$target/tools"
ensure_wrk
ensure_profdata
profdata=$(find_profdata)
host=$(rustc -vV | sed -n 's/^host: //p')

# The pages are embedded in the program.
step "The dashboard"
./scripts/build-dashboard.sh

step "A build that counts"
rm -rf "$counts"
build "-Cprofile-generate=$counts" "$target/counted"

step "What it does under load"
"$target/counted/$host/dist/bench-guarded-path" --train
"$profdata" merge -o "$profile" "$counts"

step "The build that knows"
build "-Cprofile-use=$profile" "$target/guided"
mkdir -p "$target/release-build"
cp "$target/guided/$host/dist/sixty" "$target/guided/$host/dist/bench-guarded-path" "$target/release-build/"
say "target/release-build/sixty: $("$target/release-build/sixty" --version)"
