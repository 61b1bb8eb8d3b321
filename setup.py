"""Builds the Cython core.

Every .pyx under core/ becomes one extension; all compiler directives live here, in one dictionary per profile.
Choose a profile with CENTRALA_BUILD=release|checked|asan|tsan|coverage|hints|none (release by default).
"""

from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).parent
PROFILE = os.environ.get("CENTRALA_BUILD", "release")

DIRECTIVES: dict[str, object] = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "nonecheck": False,
    "embedsignature": True,
    "show_performance_hints": True,
    "freethreading_compatible": False,
}
# -fno-trapping-math lets gcc vectorise the A-law compare chain; -O2 is 4 to 11 times slower than -O3 on vector kernels.
COMPILE = ["-O3", "-fno-trapping-math", "-fno-semantic-interposition", "-Wno-unused-function", "-pthread"]
LINK = ["-pthread"]
PROFILES: dict[str, tuple[dict[str, object], list[str], list[str]]] = {
    "release": ({}, [], []),
    "hints": ({}, [], []),  # translated only, by scripts/performance_hints.py
    "none": ({}, [], []),  # the package without its extensions, which `make setup` builds in place
    "checked": ({"boundscheck": True, "wraparound": True, "initializedcheck": True, "emit_linenums": True}, ["-g"], []),
    "asan": (
        {"boundscheck": True, "emit_linenums": True},
        ["-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"],
        ["-fsanitize=address,undefined"],
    ),
    "tsan": ({"emit_linenums": True}, ["-g", "-O1", "-fsanitize=thread"], ["-fsanitize=thread"]),
    "coverage": ({"linetrace": True, "emit_linenums": True}, ["-DCYTHON_TRACE_NOGIL=1"], []),
}
if PROFILE not in PROFILES:
    raise SystemExit(f"CENTRALA_BUILD={PROFILE!r} is unknown; choose one of {', '.join(PROFILES)}")
extra_directives, extra_compile, extra_link = PROFILES[PROFILE]
emit_linenums = bool(extra_directives.pop("emit_linenums", False))  # an option of the compiler, not a directive


# What else an extension is linked with, by module name.
LIBRARIES = {"core.signal.opus": ["opus"]}


def extension(path: Path) -> Extension:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return Extension(
        name,
        [str(path.relative_to(ROOT))],
        extra_compile_args=COMPILE + extra_compile,
        extra_link_args=LINK + extra_link,
        libraries=["m", *LIBRARIES.get(name, [])],
    )


# core/ is the product; tests/core/_probe*.pyx and bench/load/*.pyx reach cdef functions and never ship.
SOURCES = sorted((ROOT / "core").rglob("*.pyx"))
if os.environ.get("CENTRALA_TEST_EXTENSIONS") == "1":
    SOURCES += sorted((ROOT / "tests" / "core").glob("*.pyx")) + sorted((ROOT / "bench" / "load").glob("*.pyx"))

EXTENSIONS = [] if PROFILE == "none" else [extension(path) for path in SOURCES]

setup(
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
    ext_modules=cythonize(
        EXTENSIONS,
        compiler_directives={**DIRECTIVES, **extra_directives},
        emit_linenums=emit_linenums,
        build_dir=None if PROFILE == "coverage" else f"build/cython-{PROFILE}",
        nthreads=os.cpu_count() or 1,
        include_path=["."],
    ),
)
