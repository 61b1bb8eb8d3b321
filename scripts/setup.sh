#!/usr/bin/env bash
# Installs what is missing and builds the core; the second time it finds everything done and says nothing.
# With the argument "tests" it also gets what only the tests need: a browser, the softphone library that runs in it, and
# what builds the snippet of web pages.
#
# Debian and Ubuntu packages are installed as root or through sudo; elsewhere the list is printed. Everything from the
# Python package index goes into .venv. Stamps hold a digest of what a step depends on, so a touched file that did not
# change costs nothing.
set -eu -o pipefail
cd "$(dirname "$0")/.."

VENV=.venv
STAMPS=build/stamps

fail() { printf '%s\n' "$*" >&2; exit 1; }

digest() { cat "$@" | sha256sum | cut -c1-16; }

usable() { command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

# Whether an environment can be made with it now, or after installing packages.
complete() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || [ -z "$(missing_packages "$1")" ]; }

find_python() {
    local candidate first=""
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer"
        printf '%s' "$PYTHON"
        return
    fi
    # The distribution's own comes first: it is built with profile-guided optimisation. One that was compiled without, as
    # pyenv does unless told, takes a seventh more processor time for a call.
    for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        usable "$candidate" || continue
        first=${first:-$candidate}
        if complete "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    [ -n "$first" ] || fail "Python 3.11 or newer is needed. Debian 12 and Ubuntu 24.04: apt-get install python3 python3-venv python3-dev." \
        "Ubuntu 22.04: apt-get install python3.11 python3.11-venv python3.11-dev. Or name one: make PYTHON=/path/to/python"
    printf '%s' "$first"
}

missing_packages() {
    local python=$1 family
    # The system's python3 has its venv and headers in python3-venv and python3-dev; others carry their version.
    if [ "$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')" = "$(realpath /usr/bin/python3 2>/dev/null)" ]; then
        family=python3
    else
        family=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "$family-venv"
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        echo "$family-dev"
    if ! command -v "${CC:-cc}" >/dev/null || [ ! -e /usr/include/stdio.h ]; then echo "gcc libc6-dev"; fi
    [ -e /usr/include/opus/opus.h ] || echo libopus-dev
    command -v espeak-ng >/dev/null || echo espeak-ng
    command -v sipp >/dev/null || echo sip-tester
    command -v curl >/dev/null || echo curl
}

install_packages() {
    local sudo=()
    command -v apt-get >/dev/null || fail "These are missing; install them with this system's package manager: $*"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "These Debian packages are missing; as root: apt-get install --no-install-recommends $*"
        sudo=(sudo)
    fi
    echo "Installing Debian packages: $*"
    if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; then
        "${sudo[@]}" apt-get update -qq
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    fi
}

make_environment() {
    local python=$1 want
    want=$("$python" -c 'import sys; print(sys.version)' | cat - requirements-dev.lock | sha256sum | cut -c1-16)
    if [ -x $VENV/bin/python ] && [ "$(cat $VENV/.stamp 2>/dev/null)" = "$want" ]; then return; fi
    echo "Installing Python packages into $VENV"
    "$python" -m venv --clear $VENV
    $VENV/bin/python -m pip install -qq --disable-pip-version-check -r requirements-dev.lock
    printf '%s' "$want" >$VENV/.stamp
    rm -f $STAMPS/project $STAMPS/core
}

install_project() {
    local want
    want=$(digest pyproject.toml $VENV/.stamp)
    [ "$(cat $STAMPS/project 2>/dev/null)" = "$want" ] && return
    # The package itself without its extensions: those are built in place below, in parallel and only when they changed.
    CENTRALA_BUILD=none $VENV/bin/python -m pip install -qq --disable-pip-version-check --no-deps \
        --no-build-isolation -e .
    printf '%s' "$want" >$STAMPS/project
}

build_core() {
    local sources want log
    mapfile -t sources < <(find core tests bench \( -name '*.pyx' -o -name '*.pxd' \) | sort)
    want=$(digest setup.py $VENV/.stamp "${sources[@]}")
    [ "$(cat $STAMPS/core 2>/dev/null)" = "$want" ] && return
    echo "Building the Cython core"
    log=build/core.log
    if ! CENTRALA_BUILD=release CENTRALA_TEST_EXTENSIONS=1 $VENV/bin/python setup.py build_ext --inplace \
        --parallel "$(nproc)" >$log 2>&1; then
        tail -n 40 $log >&2
        fail "The core did not build; the whole output is in $log"
    fi
    printf '%s' "$want" >$STAMPS/core
}

# Where a browser can be had it is installed; elsewhere it is said aloud that its behaviours will not run.
install_browser() {
    local wanted=() system=""
    command -v chromium >/dev/null || wanted+=(chromium)
    command -v npm >/dev/null || wanted+=(npm)
    if [ ${#wanted[@]} != 0 ]; then
        system=$(. /etc/os-release 2>/dev/null && printf '%s' "${ID:-}") || system=""
        # Ubuntu's package of that name is a snap, which needs a running snapd.
        if [ "$system" = ubuntu ] || ! command -v apt-get >/dev/null ||
            { [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; }; then
            printf '\n*** The behaviours with a browser WILL NOT RUN: install %s by hand.\n\n' "${wanted[*]}" >&2
            return
        fi
        install_packages "${wanted[@]}"
    fi
    install_npm sip-tests/browser "the softphone library of the browser behaviours"
    install_npm widget "what builds and tests the snippet of web pages"
}

install_npm() {
    local folder=$1 want
    want=$(digest $folder/package-lock.json)
    [ "$(cat $folder/node_modules/.stamp 2>/dev/null)" = "$want" ] && return
    echo "Installing $2"
    npm ci --prefix $folder --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    printf '%s' "$want" >$folder/node_modules/.stamp
}

python=$(find_python)
mkdir -p $STAMPS
mapfile -t packages < <(missing_packages "$python" | tr ' ' '\n')
[ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
make_environment "$python"
install_project
build_core
[ "${1:-}" != tests ] || install_browser
