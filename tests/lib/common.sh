# shellcheck shell=bash
# What every script of the project shares: where the project is, how to speak, how to become root for a moment.
# Source it; it only defines.

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Used by the scripts that source this file.
# shellcheck disable=SC2034
venv="$project_root/.venv"

# say WORDS…: one line for the person who watches, apart from what programs print.
say() { printf '== %s\n' "$*" >&2; }

# fail WORDS…: says why, and ends the script.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: runs it as root, through sudo for anyone else.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "root or sudo is needed for: $*"
  fi
}

# stamped STAMP FILE: whether STAMP holds the checksum of FILE, so that what FILE lists is already installed.
stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$(checksum "$2")" ]; }

# checksum FILE: its SHA-256, alone.
checksum() { sha256sum <"$1" | cut -d' ' -f1; }
