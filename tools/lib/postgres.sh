# shellcheck shell=bash
# A private PostgreSQL server for one test run, in a temporary folder. It listens on a free loopback port and a Unix
# socket, and its password is generated for the run.
#
#   postgres_start     starts the server and exports CHRONOLOGY_TEST_POSTGRES=postgres://…
#   postgres_stop      stops the server and removes its folder
#   postgres_restart   stops the server in immediate mode, like a crash, and starts it on the same data and port
#
# The calling script must stop the server itself: trap postgres_stop EXIT

# shellcheck source=install.sh
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

postgres_folder=
postgres_port=

# postgres_as COMMAND…: runs the command as the server's account. PostgreSQL refuses to run as root.
postgres_as() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  else
    # In the server's folder, because the account may have no access to the current one.
    (cd "$postgres_folder" && exec setpriv --reuid=postgres --regid=postgres --init-groups -- env -u HOME "$@")
  fi
}

# postgres_start: creates a database cluster, starts the server and exports its URL.
postgres_start() {
  local programs password
  programs=$(postgres_programs)
  [ -n "$programs" ] || fail "no PostgreSQL server found: run tools/setup"
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

# postgres_settings: prints the configuration. Synchronous commits stay on, because the service refuses a server
# without them; full-page writes are off, because tests do not simulate power failures.
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

# postgres_launch PROGRAMS: starts the server on a free port. Another program can take the port before the server
# binds it, so a failed start is retried on another port.
postgres_launch() {
  local attempt
  for attempt in 1 2 3 4 5; do
    postgres_port=$(postgres_free_port)
    if postgres_up "$1"; then return 0; fi
    say "PostgreSQL did not start on port $postgres_port (attempt $attempt)"
  done
  tail -n 20 "$postgres_folder/log" >&2 || true
  fail "PostgreSQL did not start"
}

# postgres_up PROGRAMS: starts the server on the chosen port and waits until it accepts connections.
postgres_up() {
  postgres_as "$1/pg_ctl" --pgdata="$postgres_folder/data" --log="$postgres_folder/log" --options="-p $postgres_port" \
    --wait --timeout=60 --silent start </dev/null >/dev/null
}

# postgres_free_port: prints a port that is free now.
postgres_free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# postgres_down: stops the server without a shutdown checkpoint.
postgres_down() {
  postgres_as "$(postgres_programs)/pg_ctl" --pgdata="$postgres_folder/data" --mode=immediate --wait --silent stop \
    >/dev/null 2>&1 || true
}

postgres_restart() {
  postgres_down
  postgres_up "$(postgres_programs)" || fail "PostgreSQL did not restart on port $postgres_port"
}

postgres_stop() {
  [ -n "$postgres_folder" ] || return 0
  postgres_down
  rm -rf "$postgres_folder"
  postgres_folder=
  unset CHRONOLOGY_TEST_POSTGRES
}
