"""From the configuration to flows that may run; what is wrong is named by flow, block and key, with a remedy."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from pbx.config import Config
from pbx.config import Flow as FlowConfig
from pbx.configfile.problem import ConfigError, Path, Problem
from pbx.flow.block import Block
from pbx.flow.blocks.hangup import Hangup
from pbx.flow.document import FlowDocument, of_entry, parse, read
from pbx.flow.faults import problems_of
from pbx.flow.kinds import KINDS
from pbx.flow.model import Flow
from pbx.flow.references import House
from pbx.flow.validation import validate, validate_among


def load_flows(
    config: Config, sounds: Collection[str] | None = None, published: Mapping[str, Flow] | None = None
) -> dict[str, Flow]:
    """All flows by name; `published` ones, which were checked, stand for those of the configuration. Raises ConfigError
    with every problem of every flow of the configuration."""
    configured, problems = _read_all(config)
    flows = {**configured, **(published or {})}
    house = House(config, sounds, flows)
    broken = {problem.key[:2] for problem in problems}
    for name, flow in configured.items():
        if flows[name] is flow and flow.path[:2] not in broken:
            problems += validate(flow, house)
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


def check_document(values: object, config: Config) -> list[Problem]:
    """All problems of a document (JSON values, whatever they are) among the other flows of the configuration, and of
    those that lead into it. Keys of problems are paths in the document."""
    document, problems = read(values)
    if document is None:
        return problems
    flow, problems = build(document)
    if problems:
        return problems
    others, _ = _read_all(config)
    return validate_among(flow, House(config, None, {**others, flow.name: flow}))


def build(
    document: FlowDocument, path: Path = (), *, blocks_key: str = "blocks", version: int = 0
) -> tuple[Flow, list[Problem]]:
    """The flow of a document, with the blocks that could be read, and what is wrong with the others."""
    blocks: dict[str, Block] = {}
    problems: list[Problem] = []
    for name, settings in document.blocks.items():
        where = (*path, blocks_key, name)
        kind = settings.get("kind")
        block_class = KINDS.get(kind) if isinstance(kind, str) else None
        if block_class is None:
            problems.append(_unknown_kind(document.name, name, where, kind))
            continue
        try:
            blocks[name] = block_class.model_validate(settings)
        except ValidationError as error:
            keys = [field.alias or key for key, field in block_class.model_fields.items() if key != "kind"]
            problems += problems_of(error, where, f"flow {document.name!r}, block {name!r}", keys)
    flow = Flow(
        name=document.name,
        path=path,
        language=document.language,
        start=document.start,
        blocks=blocks,
        version=version,
        defaults=document.defaults,
        on_hangup=document.on_hangup,
        variables=document.variables,
        journal=tuple(document.journal),
        voice=document.voice,
        blocks_key=blocks_key,
        document=document,
    )
    return flow, problems


def _read_all(config: Config) -> tuple[dict[str, Flow], list[Problem]]:
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(config.flow):
        flow, found = _of_entry(entry, ("flow", index))
        problems += found
        flows[entry.name] = flow
    return flows, problems


def _of_entry(entry: FlowConfig, path: Path) -> tuple[Flow, list[Problem]]:
    if entry.python:
        return _of_python(entry, path)
    if entry.published:
        closed = Hangup(kind="hangup", cause="unavailable")
        return Flow(entry.name, path, entry.language, "unpublished", {"unpublished": closed}), []
    key, where, values, problems = "block", path, of_entry(entry), list[Problem]()
    if entry.file:
        key, where = "blocks", (*path, "file")
        values, problems = _of_file(entry, where)
    document, found = read(values, where) if not problems else (None, problems)
    if document is None:
        return Flow(entry.name, path), found
    return build(document, where, blocks_key=key)


def _of_file(entry: FlowConfig, where: Path) -> tuple[Any, list[Problem]]:
    """The values of a file, which may leave out its name and must not have another."""
    try:
        text = FilePath(entry.file).read_bytes()
    except OSError as error:
        said = f"flow {entry.name!r}: {entry.file} cannot be read: {error.strerror}"
        return None, [Problem(where, said, "name a file that `centrala flow export` wrote")]
    values, problems = parse(text)
    if problems:
        return None, [Problem(where, f"{entry.file}: {problem.text}", problem.remedy) for problem in problems]
    if isinstance(values, dict) and values.setdefault("name", entry.name) != entry.name:
        said = f"flow {entry.name!r}: {entry.file} holds flow {str(values['name'])[:64]!r}"
        return None, [Problem((*where, "name"), said, "give both the same name")]
    return values, []


def _unknown_kind(flow: str, name: str, where: Path, kind: Any) -> Problem:
    known = ", ".join(KINDS)
    if kind is None:
        text = f"flow {flow!r}, block {name!r}: the kind is missing"
        return Problem((*where, "kind"), text, f"write one of: {known}")
    shown = str(kind)[:64]
    close = get_close_matches(shown, KINDS, 1)
    remedy = f"did you mean {close[0]!r}?" if close else f"write one of: {known}"
    return Problem((*where, "kind"), f"flow {flow!r}, block {name!r}: there is no kind {shown!r}", remedy)


class _ImportProblem(Exception):
    def __init__(self, text: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(text)


def _of_python(entry: FlowConfig, path: Path) -> tuple[Flow, list[Problem]]:
    try:
        return Flow(entry.name, path, entry.language, coroutine=_import(entry)), []
    except _ImportProblem as error:
        problem = Problem((*path, "python"), f"flow {entry.name!r}: {error}", error.remedy)
        return Flow(entry.name, path), [problem]


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
