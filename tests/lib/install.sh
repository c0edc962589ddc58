# shellcheck shell=bash
# Installs what building and testing need, and nothing that is there already.

# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Pinned, because a tool that changes under a check changes what the check says.
nextest_version=0.9.143
deny_version=0.20.2
audit_version=0.22.2

# install_debian PACKAGE…: Debian packages, with one refresh of the lists first.
install_debian() {
  [ "$#" -gt 0 ] || return 0
  have apt-get || fail "this is no Debian-like system; install the equivalents of: $*"
  say "installing from Debian: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# install_build_needs: a C compiler for the embedded database and the cryptography, and PostgreSQL's client library.
# Neither cmake nor clang: the cryptography builds with the C compiler alone on x86-64 and arm64.
install_build_needs() {
  have cargo || fail "a Rust toolchain is needed (cargo is not on the PATH)"
  local packages=()
  have cc || packages+=(gcc libc6-dev)
  have pkg-config || packages+=(pkg-config)
  if ! have pkg-config || ! pkg-config --exists libpq; then packages+=(libpq-dev); fi
  install_debian "${packages[@]}"
}

# postgres_programs: the folder of the newest initdb and pg_ctl, or nothing.
postgres_programs() {
  if have initdb && have pg_ctl; then
    dirname "$(command -v initdb)"
  else
    find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
  fi
}

# faketime_library: what moves the clock of a program under test, or nothing.
faketime_library() { find /usr/lib /usr/local/lib -name 'libfaketimeMT.so.1' 2>/dev/null | head -n 1; }

# install_test_needs: a PostgreSQL server to test on, and the programs that the end-to-end scripts call.
install_test_needs() {
  local packages=()
  [ -n "$(postgres_programs)" ] || packages+=(postgresql)
  have curl || packages+=(curl)
  have openssl || packages+=(openssl)
  # To kill the service before a chosen call, and to tell it another time.
  have strace || packages+=(strace)
  [ -n "$(faketime_library)" ] || packages+=(faketime)
  have python3 || packages+=(python3)
  have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  install_debian "${packages[@]}"
  install_cargo_tool cargo-nextest "$nextest_version"
}

# install_cargo_tool NAME VERSION [OPTION…]: a cargo subcommand, built here when absent.
install_cargo_tool() {
  local name=$1 version=$2
  shift 2
  have "$name" && return 0
  say "building $name $version"
  cargo install --quiet --locked "$@" "$name@$version"
}

# install_check_tools: what .ci/run needs beyond the tests. The two checkers are built without optimisation: they run
# for a second, and their optimised build takes minutes.
install_check_tools() {
  have shellcheck || install_debian shellcheck
  install_cargo_tool cargo-deny "$deny_version" --debug
  install_cargo_tool cargo-audit "$audit_version" --debug
}

# install_python: the pinned Python packages, in a virtual environment of the project's own.
install_python() {
  local wanted="$project_root/tests/requirements.txt" stamp="$venv/installed"
  stamped "$stamp" "$wanted" && return 0
  say "installing Python packages into .venv"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  checksum "$wanted" >"$stamp"
}

# install_node FOLDER: the locked npm packages of that folder; their install scripts are not run.
install_node() {
  local folder=$1 stamp="$1/node_modules/.installed"
  stamped "$stamp" "$folder/package-lock.json" && return 0
  have npm || fail "Node.js 20 or newer with npm is needed"
  say "installing npm packages into ${folder#"$project_root"/}"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
  checksum "$folder/package-lock.json" >"$stamp"
}
