#!/usr/bin/env bash
# Tests of the core under a sanitizer, on the stock interpreter: AddressSanitizer with UBSan, or with --tsan
# ThreadSanitizer for what threads share. Other arguments go to pytest; without any, the sanitizer's own list is run.
#
# The sanitized build lives in a copy of the tree under build/, so that the release build stays as it is.
set -eu -o pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${VENV_PYTHON:-$root/.venv/bin/python}
kind=asan
if [ "${1:-}" = --tsan ]; then
    kind=tsan
    shift
fi
mkdir -p build/$kind/bench
cp -au core pbx tests scripts setup.py pyproject.toml build/$kind/
[ ! -d bench/load ] || cp -au bench/load build/$kind/bench/
cd build/$kind
[ -e .stamp ] || find core tests bench -name '*.so' -delete
touch .stamp
CENTRALA_BUILD=$kind CENTRALA_TEST_EXTENSIONS=1 "$python" setup.py -q build_ext --inplace --parallel "${JOBS:-$(nproc)}"
export PYTHONMALLOC=malloc
export CENTRALA_CORPUS="${CENTRALA_CORPUS:-$root/../shared/corpus}"
if [ $kind = asan ]; then
    export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $(gcc -print-file-name=libstdc++.so)"
    export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
    [ $# -gt 0 ] || set -- tests/core
else
    export LD_PRELOAD="$(gcc -print-file-name=libtsan.so)"
    # The interpreter itself was not built for it: only what the core's own files do counts.
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66"
    [ $# -gt 0 ] || set -- tests/core/test_base.py tests/core/test_heavy.py
fi
exec "$python" -m pytest --timeout 900 "$@"
