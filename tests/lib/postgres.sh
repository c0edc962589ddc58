# shellcheck shell=bash
# One private PostgreSQL server for a test run: a temporary folder, loopback and a Unix socket only, a free port, a
# password made for the run.
#
#   postgres_start     starts it and exports CHRONOLOGY_TEST_POSTGRES=postgres://…
#   postgres_stop      stops it and removes the folder
#   postgres_restart   stops it as a crash would and starts it on the same data and port
#
# The caller traps its own exit: trap postgres_stop EXIT

# shellcheck source=install.sh
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

postgres_folder=
postgres_port=

# postgres_as COMMAND…: runs it as the account the server runs under; PostgreSQL refuses to run as root.
postgres_as() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  else
    # From the server's own folder, because the account may not enter the one we stand in.
    (cd "$postgres_folder" && exec setpriv --reuid=postgres --regid=postgres --init-groups -- env -u HOME "$@")
  fi
}

postgres_start() {
  local programs password
  programs=$(postgres_programs)
  [ -n "$programs" ] || fail "no PostgreSQL server found: run tests/setup"
  postgres_folder=$(mktemp -d "${TMPDIR:-/tmp}/chronology-postgres.XXXXXX")
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '%s\n' "$password" >"$postgres_folder/password")
  if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
    chown -R postgres: "$postgres_folder"
  fi
  postgres_as "$programs/initdb" --pgdata="$postgres_folder/data" --username=postgres --encoding=UTF8 --locale=C \
    --auth=scram-sha-256 --pwfile="$postgres_folder/password" --no-sync >/dev/null
  postgres_settings | postgres_as tee -a "$postgres_folder/data/postgresql.conf" >/dev/null
  postgres_launch "$programs"
  export CHRONOLOGY_TEST_POSTGRES="postgres://postgres:$password@127.0.0.1:$postgres_port/postgres"
}

# postgres_settings: commits wait for the disk, because the service refuses a server where they do not; only pages torn
# by a failing machine are not provided for.
postgres_settings() {
  cat <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = '$postgres_folder'
max_connections = 300
shared_buffers = 128MB
full_page_writes = off
log_min_messages = warning
SETTINGS
}

# postgres_launch PROGRAMS: starts on a free port. Another program can take the port between the choice and the start,
# so a failed start is tried again with another port.
postgres_launch() {
  local try
  for try in 1 2 3 4 5; do
    postgres_port=$(postgres_free_port)
    if postgres_up "$1"; then return 0; fi
    say "PostgreSQL did not start on port $postgres_port (try $try)"
  done
  tail -n 20 "$postgres_folder/log" >&2 || true
  fail "PostgreSQL did not start"
}

postgres_up() {
  postgres_as "$1/pg_ctl" --pgdata="$postgres_folder/data" --log="$postgres_folder/log" --options="-p $postgres_port" \
    --wait --timeout=60 --silent start </dev/null >/dev/null
}

postgres_free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

postgres_down() {
  postgres_as "$(postgres_programs)/pg_ctl" --pgdata="$postgres_folder/data" --mode=immediate --wait --silent stop \
    >/dev/null 2>&1 || true
}

postgres_restart() {
  postgres_down
  postgres_up "$(postgres_programs)" || fail "PostgreSQL did not come back on port $postgres_port"
}

postgres_stop() {
  [ -n "$postgres_folder" ] || return 0
  postgres_down
  rm -rf "$postgres_folder"
  postgres_folder=
  unset CHRONOLOGY_TEST_POSTGRES
}
