# shellcheck shell=bash
# Shared by all scripts: the project root, output helpers, privilege escalation, install stamps. To be sourced; it only
# defines variables and functions.

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Used by scripts that source this file.
# shellcheck disable=SC2034
venv="$project_root/.venv"

# say TEXT…: prints a progress line to standard error.
say() { printf '== %s\n' "$*" >&2; }

# fail TEXT…: prints an error message and ends the script with status 1.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# have COMMAND: whether the command exists.
have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: runs the command as root, with sudo if necessary.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "root or sudo is needed for: $*"
  fi
}

# is_installed STAMP FILE: whether STAMP holds the checksum of FILE, that is, the packages listed in FILE are installed.
is_installed() { [ -f "$1" ] && [ "$(cat "$1")" = "$(checksum "$2")" ]; }

# checksum FILE: prints the SHA-256 of the file.
checksum() { sha256sum <"$1" | cut -d' ' -f1; }
