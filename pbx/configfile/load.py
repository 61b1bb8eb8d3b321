"""From a path to a checked configuration: read, put the environment over it, validate, cross-check."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from pbx.config import Config
from pbx.configfile.check import cross_check, warn
from pbx.configfile.environment import merge, read_environment
from pbx.configfile.explain import explain
from pbx.configfile.lines import key_lines, line_of
from pbx.configfile.piecewise import config_of
from pbx.configfile.problem import ConfigError, Path, Problem


@dataclass(slots=True)
class Loaded:
    """A configuration that may be used, and what a careful operator should still look at."""

    config: Config
    path: FilePath
    warnings: list[Problem] = field(default_factory=list)


Check = Callable[[Config], Iterable[Problem]]


def load(
    path: FilePath,
    environment: Mapping[str, str] | None = None,
    checks: Iterable[Check] = (),
    *,
    contradictions: bool = True,
) -> Loaded:
    """Reads and checks the file at `path`; raises ConfigError with every problem that was found.

    `checks` are those of the features, which this layer does not know. `environment` is os.environ unless told
    otherwise. Without `contradictions` only each key is checked by itself: for who makes what the file names already.
    Relative folders of the configuration stay relative to the working directory, as everywhere on the
    command line.
    """
    text = _read(path)
    values = _parse(path, text)
    environ = os.environ if environment is None else environment
    override, origins, problems = read_environment(environ)
    locate = _Locator(str(path), key_lines(text), origins)
    if problems:
        raise ConfigError(problems)
    try:
        config = config_of(merge(values, override))
    except ValidationError as error:
        raise ConfigError([locate(problem) for problem in explain(error)]) from None
    if not contradictions:
        return Loaded(config, path, [])
    found = [*cross_check(config), *(problem for check in checks for problem in check(config))]
    problems = [locate(problem) for problem in {problem.key: problem for problem in reversed(found)}.values()]
    if problems:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    warnings = [locate(problem) for problem in warn(config)] + _permissions(path, config)
    return Loaded(config, path, warnings)


class _Locator:
    """Fills in where a problem's key was set: a variable of the environment, or a line of the file."""

    def __init__(self, source: str, lines: dict[Path, int], origins: dict[Path, str]) -> None:
        self._source, self._lines, self._origins = source, lines, origins

    def __call__(self, problem: Problem) -> Problem:
        for length in range(len(problem.key), 0, -1):
            if problem.key[:length] in self._origins:
                return replace(problem, source=self._origins[problem.key[:length]])
        return replace(problem, source=self._source, line=line_of(self._lines, problem.key))


def _read(path: FilePath) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        remedy = "name it with --config, or start from the example in README.md"
        raise ConfigError([Problem((), "there is no such file", remedy, source=str(path))]) from None
    except UnicodeDecodeError as error:
        remedy = "save it in UTF-8"
        raise ConfigError([Problem((), f"is not UTF-8 text (byte {error.start})", remedy, source=str(path))]) from None
    except OSError as error:
        remedy = "let the PBX's user read it"
        raise ConfigError([Problem((), f"cannot be read: {error.strerror}", remedy, source=str(path))]) from None


def _parse(path: FilePath, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # "Expected '=' after a key (at line 3, column 5)": the place goes to the front, where editors find it.
        words, _, place = str(error).rpartition(" (at ")
        digits = "".join(mark if mark.isdigit() else " " for mark in place).split()
        line = int(digits[0]) if digits else text.count("\n") + 1
        problem = Problem((), f"is not TOML: {words or error}", "correct this line", line=line, source=str(path))
        raise ConfigError([problem]) from None


def _permissions(path: FilePath, config: Config) -> list[Problem]:
    """Secrets of phones and trunks stand in the file: nobody but its owner should read it."""
    secrets = bool(config.extension) or any(trunk.secret for trunk in config.trunk)
    mode = path.stat().st_mode & 0o777
    if not secrets or mode & 0o077 == 0:
        return []
    return [Problem((), f"holds secrets and has mode {mode:04o}", f"chmod 600 {path}", source=str(path))]
