"""Every mistake of flows that can be seen before a call comes, each with flow, block, key and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from pbx.config import Language
from pbx.configfile.problem import Path, Problem
from pbx.flow.block import Block
from pbx.flow.graph import circles, deepest, exits_of, is_used, reached
from pbx.flow.model import ERROR, MAX_ENTERED, Flow
from pbx.flow.names import check_names
from pbx.flow.references import House, check_references, one_of

MAX_PROBLEMS = 200  # that are told at once


def validate(flow: Flow, house: House) -> list[Problem]:
    """The mistakes of one flow, and those that it makes together with the others of the house."""
    return list(islice(_found(flow, house.holding(flow)), MAX_PROBLEMS))


def validate_among(flow: Flow, house: House) -> list[Problem]:
    """The mistakes of a flow that shall take its place in the house; without any, those of the flows that lead into
    it: one may lack an exit that it did not need before."""
    house = house.holding(flow)
    problems = validate(flow, house)
    for name, into in house.into.items() if not problems else ():
        if flow.name in into and name != flow.name and not problems:
            problems = validate(house.flows[name], house)
    return problems


def _found(flow: Flow, house: House) -> Iterator[Problem]:
    if flow.coroutine is not None:
        return
    if flow.start not in flow.blocks:
        text = f"flow {flow.name!r} has no block {flow.start!r}"
        yield Problem((*flow.path, "start"), text, one_of(flow.start, flow.blocks))
        return
    lost = [
        *_check_flow_exits(flow),
        *islice((p for name, block in flow.blocks.items() for p in _check_exits(flow, name, block)), MAX_PROBLEMS),
    ]
    yield from lost or _check_reach(flow)  # an exit that leads nowhere would make others look out of reach
    yield from _check_voices(flow, flow.voice, (*flow.path, "voice"), house)
    yield from check_references(flow, house)
    languages = flow.languages(house.config.server.language)
    for name, block in flow.blocks.items():
        yield from _check_texts(flow, name, block, languages)
        yield from _check_voices(flow, block.voice, flow.at(name, "voice"), house)
        yield from _check_entered(flow, name, block, house)
    yield from check_names(flow, house)
    yield from _check_hangup(flow)
    yield from _check_circles(flow, house)
    yield from _check_calls(flow, house)


def _where(flow: Flow, name: str) -> str:
    return f"flow {flow.name!r}, block {name!r}"


def _check_flow_exits(flow: Flow) -> Iterator[Problem]:
    """The block after a hang-up and the default exits lead somewhere."""
    if flow.on_hangup and flow.on_hangup not in flow.blocks:
        text = f"flow {flow.name!r}: on_hangup leads to {flow.on_hangup!r}, which is no block of this flow"
        yield Problem((*flow.path, "on_hangup"), text, one_of(flow.on_hangup, flow.blocks))
    known = {name for block in flow.blocks.values() for name in block.exits()} | {ERROR}
    for name, target in flow.defaults.items():
        where = (*flow.path, "defaults", name)
        if target not in flow.blocks:
            text = (
                f"flow {flow.name!r}: the default of exit {name!r} leads to {target!r}, which is no block of this flow"
            )
            yield Problem(where, text, one_of(target, flow.blocks))
        elif name not in known:
            text = f"flow {flow.name!r}: no block has an exit {name!r} that could take its default"
            yield Problem(where, text, one_of(name, known))


def _check_exits(flow: Flow, name: str, block: Block) -> Iterator[Problem]:
    for exit_name, exit_ in block.exits().items():
        if not exit_.target:
            if exit_.required and exit_name not in flow.defaults:
                text = f"{_where(flow, name)}: exit {exit_name!r} leads nowhere"
                remedy = f'write {exit_.key} = "BLOCK"; a block of kind "hangup" ends the call'
                yield Problem(flow.at(name, exit_.key), text, remedy)
        elif exit_.target not in flow.blocks:
            text = f"{_where(flow, name)}: exit {exit_name!r} leads to {exit_.target!r}, which is no block of this flow"
            yield Problem(flow.at(name, exit_.key), text, one_of(exit_.target, flow.blocks))


def _check_texts(flow: Flow, name: str, block: Block, languages: Sequence[Language]) -> Iterator[Problem]:
    for key, text in block.texts().items():
        where = _where(flow, name)
        if isinstance(text, str):
            if not text.strip():
                yield Problem(flow.at(name, key), f"{where}: {key} is empty", "write what the caller shall hear")
            continue
        for language in languages:
            if not text.get(language, "").strip():
                yield Problem(
                    flow.at(name, key),
                    f"{where}: {key} has no words in {language!r}, a language that calls of this flow have",
                    f'add {language} = "..."',
                )


def _check_voices(flow: Flow, voices: Mapping[Language, str], path: Path, house: House) -> Iterator[Problem]:
    for language, voice in voices.items():
        known = [entry.name for entry in house.config.speech.voice if entry.language == language]
        if voice not in known:
            text = f"flow {flow.name!r}: no [[speech.voice]] {voice!r} speaks {language!r}"
            yield Problem((*path, language), text, one_of(voice, known) if known else "add a [[speech.voice]]")


def _check_reach(flow: Flow) -> Iterator[Problem]:
    used = is_used(flow)
    for name in flow.blocks:
        if name not in used:
            text = f"flow {flow.name!r}: no way leads to block {name!r}"
            yield Problem(flow.at(name), text, "let an exit lead to it, or remove it")


def _check_entered(flow: Flow, name: str, block: Block, house: House) -> Iterator[Problem]:
    """What a flow that is entered may return has an exit here."""
    entered = block.enters()
    other = house.flows.get(entered.flow) if entered is not None else None
    if entered is None or other is None or not entered.returns:
        return
    exits = block.exits()
    for answer in sorted({text for inner in other.blocks.values() for text in inner.returned()}):
        if answer not in exits and answer not in flow.defaults:
            text = f"{_where(flow, name)}: flow {other.name!r} may return {answer!r}, which has no exit here"
            yield Problem(flow.at(name, "exits"), text, f'write exits = {{{answer} = "BLOCK"}}')


def _check_hangup(flow: Flow) -> Iterator[Problem]:
    """After a hang-up only blocks run that need no caller."""
    starts = [flow.on_hangup] if flow.on_hangup in flow.blocks else []
    for name, block in flow.blocks.items():
        starts += [target for key, target in flow.ways[name].items() if key in block.hangup_exits and target]
    for name in sorted(reached([s for s in starts if s in flow.blocks], lambda name: exits_of(flow, name))):
        block = flow.blocks[name]
        if block.waits_for_caller:
            text = f"{_where(flow, name)} runs after the caller has hung up, and {block.kind!r} needs a caller"
            yield Problem(flow.at(name), text, "lead there only what comes before the hang-up")


def _check_circles(flow: Flow, house: House) -> Iterator[Problem]:
    """A circle of blocks that take no time would keep the process busy for ever."""
    for circle in circles([(flow.name, name) for name in flow.blocks], house.instant.following):
        way = " -> ".join(block if name == flow.name else f"{name}/{block}" for name, block in circle)
        text = f"flow {flow.name!r}: {way} goes in a circle in which nothing is said or waited for"
        inside = next((block for name, block in circle if name == flow.name), "")
        where = flow.at(inside) if inside else flow.path
        yield Problem(where, text, 'lead one of these exits out of the circle, or count with a block of kind "loop"')


def _check_calls(flow: Flow, house: House) -> Iterator[Problem]:
    """A flow that calls itself, by whatever way, would never come to an end; and only so many may wait for others."""
    into, found = house.into, False
    for name, block in flow.blocks.items():
        entered = block.enters()
        if entered is None or not entered.returns or entered.flow not in into:
            continue
        if flow.name in reached([entered.flow], lambda other: into[other]):
            found = True
            text = f"{_where(flow, name)}: flow {entered.flow!r} leads back into {flow.name!r}, which waits for it"
            yield Problem(flow.at(name, entered.key), text, 'return from it, or go there with a block of kind "goto"')
    way = deepest(into, flow.name, MAX_ENTERED + 1) if not found else []
    if way:
        text = f"flow {flow.name!r}: {' -> '.join(way)}: more than {MAX_ENTERED} flows wait for one another"
        yield Problem(flow.path, text, 'return from one before the next, or go there with a block of kind "goto"')
