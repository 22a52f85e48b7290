#!/bin/sh
# The entry point of the container image. Before the server or the worker it makes what is missing: the two secrets of
# the platform, in the volume that both share, and the schemas. Every part of it is safe in several containers at once.
set -eu
umask 077

home=${SIXTY_HOME:-/var/lib/sixty}

# Writes its input to a file unless that is there. Of several that try together one wins, and none sees half a file.
make_once() {
  if [ -e "$1" ]; then return; fi
  draft=$(mktemp "$1.XXXXXX")
  cat >"$draft"
  ln "$draft" "$1" 2>/dev/null || true
  rm -f "$draft"
}

random_hex() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
random_letters() { head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | cut -c1-43; }

case "${1:-serve}" in
serve | worker)
  if [ -z "${SIXTY_MASTER_KEY_FILE:-}" ]; then
    random_hex | make_once "$home/master-key"
  fi
  if [ -z "${SIXTY_OPERATOR_TOKEN:-}${SIXTY_OPERATOR_TOKEN_FILE:-}" ]; then
    echo "op_$(random_letters)" | make_once "$home/operator-token"
  fi
  if [ "${SIXTY_MIGRATE:-yes}" = yes ]; then
    sixty migrate --template
  fi
  # From here on nobody is the owner: the server and the worker each come in with a role of their own, when there are such.
  case "${1:-serve}" in
  serve)
    if [ -n "${ADMIN_DB_SERVER_PASSWORD:-}" ]; then
      ADMIN_DB_USER=${ADMIN_DB_SERVER_USER:-sixty_server} ADMIN_DB_PASSWORD=$ADMIN_DB_SERVER_PASSWORD
      export ADMIN_DB_USER ADMIN_DB_PASSWORD
    fi
    ;;
  worker)
    if [ -n "${ADMIN_DB_WORKER_PASSWORD:-}" ]; then
      ADMIN_DB_USER=${ADMIN_DB_WORKER_USER:-sixty_worker} ADMIN_DB_PASSWORD=$ADMIN_DB_WORKER_PASSWORD
      export ADMIN_DB_USER ADMIN_DB_PASSWORD
    fi
    ;;
  esac
  unset ADMIN_DB_SERVER_PASSWORD ADMIN_DB_WORKER_PASSWORD
  ;;
esac

exec sixty "$@"
