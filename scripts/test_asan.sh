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
mkdir -p build/$kind
# Without what is built: a release build that is newer would take the place of the sanitized one.
tar -c --exclude='*.so' --exclude=__pycache__ core pbx tests scripts setup.py pyproject.toml $(ls -d bench/load 2>/dev/null) |
    tar -x -C build/$kind
cd build/$kind
[ -e .sources-only ] || find core tests bench -name '*.so' -delete
touch .sources-only
CENTRALA_BUILD=$kind CENTRALA_TEST_EXTENSIONS=1 "$python" setup.py -q build_ext --inplace --parallel "${JOBS:-$(nproc)}"
bare=$(find core tests bench -name '*.so' -exec grep -L "__${kind}_init" {} + || true)
[ -z "$bare" ] || { printf 'Built without the sanitizer: %s\n' $bare >&2; exit 1; }
export PYTHONMALLOC=malloc
export CENTRALA_CORPUS="${CENTRALA_CORPUS:-$root/../shared/corpus}"
# Reports go to files: pytest captures what a test writes, and shows it neither where a test passes nor where the process dies.
rm -f report.*
if [ $kind = asan ]; then
    export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $(gcc -print-file-name=libstdc++.so)"
    export ASAN_OPTIONS=detect_leaks=0:log_path=$PWD/report UBSAN_OPTIONS=print_stacktrace=1:log_path=$PWD/report
    [ $# -gt 0 ] || set -- tests/core
else
    # The rings, the engine and its helper: all tests that have threads.
    [ $# -gt 0 ] || set -- tests/core/test_base.py $(grep -lE 'core\.engine|_probe_heavy' tests/core/test_*.py)
    export LD_PRELOAD="$(gcc -print-file-name=libtsan.so)"
    # The interpreter itself was not built for it: only what the core's own files do counts.
    TSAN_OPTIONS="ignore_noninstrumented_modules=1 history_size=5 exitcode=66 log_path=$PWD/report"
    export TSAN_OPTIONS="$TSAN_OPTIONS suppressions=$PWD/scripts/tsan.supp"
fi
status=0
"$python" -m pytest --timeout 900 "$@" || status=$?
unset LD_PRELOAD
for report in report.*; do
    [ -e "$report" ] || continue
    cat "$report" >&2
    [ $status != 0 ] || status=66
done
exit $status
