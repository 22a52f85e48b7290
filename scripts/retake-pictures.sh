#!/usr/bin/env bash
# Takes the pictures of docs/dashboard.md and the README anew, from a running system in a real browser.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$repository/scripts/lib/install.sh"

usage() {
  cat <<'HELP'
Usage: scripts/retake-pictures.sh [MINUTES]

Runs dashboard/tests/story.test.mjs on a system with five more customers, whose programs send requests for MINUTES (12) before the last
pictures are taken, and puts overview.png, customer.png, modules.png and signed-up.png into docs/dashboard/. Look at them before they are
committed. Needs what scripts/test.sh installs.
HELP
}

minutes=12
case "${1:-}" in
'') ;;
[1-9] | [1-9][0-9]) minutes=$1 ;;
*) takes_no_options "$1" ;;
esac

cd "$repository"
./scripts/build-dashboard.sh
# As scripts/test.sh builds them: what it has built is used.
built=(--locked --workspace --exclude 'bench-*')
cargo build "${built[@]}" --bin sixty
pictures=$(mktemp -d)
trap 'rm -rf "$pictures"' EXIT
SIXTY_DASHBOARD_TESTS=story SIXTY_SCREENSHOTS=$pictures SIXTY_TRAFFIC_MINUTES=$minutes \
  cargo test "${built[@]}" --test system dashboard::
for name in overview customer modules signed-up; do
  cp "$pictures/story-$name.png" "docs/dashboard/$name.png"
  echo "docs/dashboard/$name.png"
done
