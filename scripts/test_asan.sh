#!/usr/bin/env bash
# The core's tests under AddressSanitizer and UBSan, on the stock interpreter.
#
# The sanitized build lives in a copy of the tree under build/asan, so that the release build stays as it is.
set -eu -o pipefail
cd "$(dirname "$0")/.."
root=$PWD
mkdir -p build/asan
cp -a core pbx tests scripts setup.py pyproject.toml build/asan/
mkdir -p build/asan/bench && { [ ! -d bench/load ] || cp -a bench/load build/asan/bench/; }
find build/asan/core build/asan/tests build/asan/bench -name '*.so' -delete
cd build/asan
CENTRALA_BUILD=asan CENTRALA_TEST_EXTENSIONS=1 "$root/.venv/bin/python" setup.py -q build_ext --inplace --parallel "$(nproc)"
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $(gcc -print-file-name=libstdc++.so)"
export PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
export CENTRALA_CORPUS="${CENTRALA_CORPUS:-$root/../shared/corpus}"
exec "$root/.venv/bin/python" -m pytest tests/core --timeout 900 "$@"
