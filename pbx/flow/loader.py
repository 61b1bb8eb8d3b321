"""From the configuration to flows that may run; what is wrong is named by flow, block and key, with a remedy."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from pbx.config import Config
from pbx.config import Flow as FlowConfig
from pbx.configfile.problem import ConfigError, Path, Problem
from pbx.flow.block import Block
from pbx.flow.kinds import KINDS
from pbx.flow.model import Flow, validate

TEXT_REMEDY = 'write a text, or { pl = "...", ru = "...", en = "..." }'


def load_flows(config: Config, sounds: Sequence[str] | None = None) -> dict[str, Flow]:
    """All flows by name. Raises ConfigError with every problem of every flow."""
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(config.flow):
        flow, found = _build(entry, ("flow", index))
        problems += found or validate(flow, config, sounds)
        flows[entry.name] = flow
    if problems:
        raise ConfigError(problems)
    return flows


def check_flows(config: Config) -> list[Problem]:
    """The problems that `load_flows` would raise, for a check of the configuration."""
    try:
        load_flows(config)
    except ConfigError as error:
        return error.problems
    return []


def _build(entry: FlowConfig, path: Path) -> tuple[Flow, list[Problem]]:
    if entry.python:
        try:
            return Flow(entry.name, path, entry.language, coroutine=_import(entry)), []
        except _ImportProblem as error:
            problem = Problem((*path, "python"), f"flow {entry.name!r}: {error}", error.remedy)
            return Flow(entry.name, path), [problem]
    blocks: dict[str, Block] = {}
    problems: list[Problem] = []
    for name, settings in entry.block.items():
        where = (*path, "block", name)
        kind = settings.get("kind")
        block_class = KINDS.get(kind) if isinstance(kind, str) else None
        if block_class is None:
            problems.append(_unknown_kind(entry.name, name, where, kind))
            continue
        try:
            blocks[name] = block_class.model_validate(settings)
        except ValidationError as error:
            problems += _explain(entry.name, name, where, block_class, error)
    return Flow(entry.name, path, entry.language, entry.start, blocks), problems


def _unknown_kind(flow: str, name: str, where: Path, kind: Any) -> Problem:
    known = ", ".join(KINDS)
    if kind is None:
        text = f"flow {flow!r}, block {name!r}: the kind is missing"
        return Problem((*where, "kind"), text, f"write one of: {known}")
    close = get_close_matches(str(kind), KINDS, 1)
    remedy = f"did you mean {close[0]!r}?" if close else f"write one of: {known}"
    return Problem((*where, "kind"), f"flow {flow!r}, block {name!r}: there is no kind {kind!r}", remedy)


def _explain(flow: str, name: str, where: Path, block_class: type[Block], error: ValidationError) -> Iterator[Problem]:
    keys = [key for key in block_class.model_fields if key != "kind"]
    seen: set[str] = set()
    for fault in error.errors(include_url=False):
        key = str(fault["loc"][0]) if fault["loc"] else ""
        if key in seen:  # each member of a union complains about the same value
            continue
        seen.add(key)
        head = f"flow {flow!r}, block {name!r}"
        if fault["type"] == "extra_forbidden":
            close = get_close_matches(key, keys, 1)
            remedy = f"did you mean {close[0]!r}?" if close else f"its keys are: {', '.join(keys)}"
            yield Problem((*where, key), f"{head}: unknown key {key!r}", remedy)
        elif fault["type"] == "missing":
            yield Problem((*where, key), f"{head}: {key} is missing", f"add {key} = ...")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            text = f"{head}: {key} cannot be {fault['input']!r}: {message}"
            remedy = TEXT_REMEDY if key.endswith("text") else "correct the value"
            yield Problem((*where, key), text, remedy)


class _ImportProblem(Exception):
    def __init__(self, text: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(text)


def _import(entry: FlowConfig) -> Any:
    module_name, _, attribute = entry.python.partition(":")
    if not module_name or not attribute:
        raise _ImportProblem(f"{entry.python!r} names no coroutine", 'write python = "package.module:coroutine"')
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise _ImportProblem(
            f"{module_name!r} cannot be imported: {type(error).__name__}: {error}",
            "correct the module, or put its folder into PYTHONPATH",
        ) from error
    coroutine = getattr(module, attribute, None)
    if not inspect.iscoroutinefunction(coroutine):
        kind = "is missing" if coroutine is None else "is no coroutine function"
        remedy = f"write `async def {attribute}(call): ...` there"
        raise _ImportProblem(f"{attribute!r} of {module_name!r} {kind}", remedy)
    return coroutine
