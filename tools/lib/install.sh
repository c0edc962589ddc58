# shellcheck shell=bash
# Installs the dependencies of builds and tests that are missing.

# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Pinned, so that a check gives the same result on every machine.
nextest_version=0.9.143
deny_version=0.20.2
audit_version=0.22.2

# install_debian PACKAGE…: updates the package lists and installs Debian packages.
install_debian() {
  [ "$#" -gt 0 ] || return 0
  have apt-get || fail "apt-get is missing (this is not a Debian-like system); install the equivalents of: $*"
  say "installing from Debian: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# install_build_dependencies: a C compiler for the embedded database and the cryptography library, and PostgreSQL's
# client library. cmake and clang are not needed: on x86-64 and arm64 the cryptography library builds with the C
# compiler alone.
install_build_dependencies() {
  have cargo || fail "a Rust toolchain is needed (cargo is not on the PATH)"
  local packages=()
  have cc || packages+=(gcc libc6-dev)
  have pkg-config || packages+=(pkg-config)
  if ! have pkg-config || ! pkg-config --exists libpq; then packages+=(libpq-dev); fi
  install_debian "${packages[@]}"
}

# postgres_programs: prints the folder of the newest initdb and pg_ctl, or nothing if there is none.
postgres_programs() {
  if have initdb && have pg_ctl; then
    dirname "$(command -v initdb)"
  else
    find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
  fi
}

# faketime_library: prints the path of libfaketime, which changes the clock of a program under test, or nothing.
faketime_library() { find /usr/lib /usr/local/lib -name 'libfaketimeMT.so.1' 2>/dev/null | head -n 1; }

# install_test_dependencies: a PostgreSQL server and the programs that the end-to-end checks call.
install_test_dependencies() {
  local packages=()
  [ -n "$(postgres_programs)" ] || packages+=(postgresql)
  have curl || packages+=(curl)
  have openssl || packages+=(openssl)
  # strace kills the service at a chosen system call; faketime sets its clock.
  have strace || packages+=(strace)
  [ -n "$(faketime_library)" ] || packages+=(faketime)
  have python3 || packages+=(python3)
  have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  install_debian "${packages[@]}"
  install_cargo_tool cargo-nextest "$nextest_version"
}

# install_cargo_tool NAME VERSION [OPTION…]: builds and installs a cargo subcommand if it is missing.
install_cargo_tool() {
  local name=$1 version=$2
  shift 2
  have "$name" && return 0
  say "building $name $version"
  cargo install --quiet --locked "$@" "$name@$version"
}

# install_check_tools: the tools that .ci/run needs in addition. The two cargo tools are built without optimisation:
# they run for a second, and an optimised build takes minutes.
install_check_tools() {
  have shellcheck || install_debian shellcheck
  install_cargo_tool cargo-deny "$deny_version" --debug
  install_cargo_tool cargo-audit "$audit_version" --debug
}

# install_python: installs the pinned Python packages into the project's virtual environment.
install_python() {
  local requirements="$project_root/e2e/requirements.txt" stamp="$venv/installed"
  is_installed "$stamp" "$requirements" && return 0
  say "installing Python packages into .venv"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  checksum "$requirements" >"$stamp"
}

# install_node FOLDER: installs the locked npm packages of the folder, without running their install scripts.
install_node() {
  local folder=$1 stamp="$1/node_modules/.installed"
  is_installed "$stamp" "$folder/package-lock.json" && return 0
  have npm || fail "Node.js 20 or newer with npm is needed"
  say "installing npm packages into ${folder#"$project_root"/}"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
  checksum "$folder/package-lock.json" >"$stamp"
}
