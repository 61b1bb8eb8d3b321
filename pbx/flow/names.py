"""Whether the variables that a flow reads are set anywhere, and its expressions and templates can be read."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pbx.configfile.problem import Problem
from pbx.flow.block import Block
from pbx.flow.errors import ExpressionError, VariableError
from pbx.flow.expression import Expression
from pbx.flow.graph import reached
from pbx.flow.model import Flow
from pbx.flow.references import House
from pbx.flow.texts import TemplateError, template
from pbx.flow.variables import CALL, HANGUP, MAX_NAMES, NOW, check_name, check_value, is_live


def check_names(flow: Flow, house: House) -> Iterator[Problem]:
    """Every name that nothing sets, and every expression and template with a mistake."""
    yield from _check_own(flow)
    known = known_names(flow, house)
    queues = frozenset(entry.name for entry in house.config.queue)
    for block_name, block in flow.blocks.items():
        yield from _check_set(flow, block_name, block)
        for key, name, problem in _read(flow, block_name, block):
            if problem is not None:
                yield problem
            elif not (is_live(name, queues) or name in known or any(name.startswith(stem) for stem in known.stems)):
                text = f"flow {flow.name!r}, block {block_name!r}: {key} reads {name!r}, which nothing sets"
                yield Problem(flow.at(block_name, key), text, _remedy(name, known, queues))
    for index, name in enumerate(flow.journal):
        if not (is_live(name, queues) or name in known or any(name.startswith(stem) for stem in known.stems)):
            text = f"flow {flow.name!r}: journal names {name!r}, which nothing sets"
            yield Problem((*flow.path, "journal", index), text, _remedy(name, known, queues))


class Known(set[str]):
    """Names that are set somewhere; `stems` begin names that are not known one by one ("http.")."""

    stems: tuple[str, ...] = ()


def known_names(flow: Flow, house: House) -> Known:
    """What this flow or one that it meets sets: callers take their variables along."""
    flows = house.flows
    meets: dict[str, set[str]] = {name: set() for name in flows}
    for name, into in house.into.items():
        for other in into:
            meets[name].add(other)
            meets[other].add(name)
    known, stems = Known(), set()
    for name in reached([flow.name], lambda other: meets[other]):
        known.update(flows[name].variables)
        if flows[name].coroutine is not None:
            stems.add("")  # in Python anything may be set
        for block in flows[name].blocks.values():
            for text in block.sets():
                (stems.add(text[:-1]) if text.endswith(".*") else known.add(text))
    known.stems = tuple(sorted(stems))
    return known


def _check_own(flow: Flow) -> Iterator[Problem]:
    for name, value in flow.variables.items():
        try:
            check_name(name)
            check_value(name, value)
        except VariableError as error:
            yield Problem((*flow.path, "variables", name), f"flow {flow.name!r}: {error.text}", error.remedy)
    if len(flow.variables) > MAX_NAMES:
        text = f"flow {flow.name!r} has {len(flow.variables)} variables"
        yield Problem((*flow.path, "variables"), text, f"at most {MAX_NAMES} are possible")


def _check_set(flow: Flow, block_name: str, block: Block) -> Iterator[Problem]:
    for name in block.sets():
        try:
            check_name(name.removesuffix(".*"))
        except VariableError as error:
            text = f"flow {flow.name!r}, block {block_name!r}: {error.text}"
            yield Problem(flow.at(block_name), text, error.remedy)


def _read(flow: Flow, block_name: str, block: Block) -> Iterator[tuple[str, str, Problem | None]]:
    """(key, name, None) of what a block reads; (key, "", problem) of what cannot be read."""
    where = f"flow {flow.name!r}, block {block_name!r}"
    for key, source in block.reads().items():
        try:
            for name in Expression.parse(source).names:
                yield key, name, None
        except ExpressionError as error:
            yield key, "", Problem(flow.at(block_name, key), f"{where}: {key}: {error.text}", error.remedy)
    for key, words in _templates(block):
        try:
            for name in template(words).names:
                yield key, name, None
        except TemplateError as error:
            text = f"{where}: {key}: {error.text} (character {error.position + 1})"
            yield key, "", Problem(flow.at(block_name, key), text, error.remedy)


def _templates(block: Block) -> Iterator[tuple[str, str]]:
    yield from block.templates().items()
    for key, text in block.texts().items():
        if isinstance(text, str):
            yield key, text
        else:
            for language, words in text.items():
                yield f"{key}.{language}", words


def _remedy(name: str, known: Known, queues: frozenset[str]) -> str:
    live = [*(f"call.{x}" for x in CALL), *(f"now.{x}" for x in NOW), *(f"hangup.{x}" for x in HANGUP)]
    live += [f"queue.{queue}.waiting" for queue in queues]
    close = get_close_matches(name, [*known, *live], 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return 'set it before with a block of kind "set_variable", or under the flow\'s variables'
