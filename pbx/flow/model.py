"""A flow: blocks by name and where it starts, or a Python coroutine; and every mistake that can be seen before a call
comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pbx.config import Config, Language
from pbx.config_queue import members_of
from pbx.configfile.problem import Path, Problem
from pbx.flow.block import Block, Reference, spoken_in
from pbx.flow.blocks.language import Language as LanguageBlock

if TYPE_CHECKING:
    from pbx.call.call import Call


@dataclass(frozen=True, slots=True)
class Flow:
    """`path` is where it stands in the configuration. Either `blocks` and `start`, or `coroutine`."""

    name: str
    path: Path
    language: Language | None = None
    start: str = ""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    coroutine: Callable[[Call], Awaitable[None]] | None = None
    version: int = 0  # 0: of the configuration file
    ways: Mapping[str, Mapping[str, str]] = field(init=False)  # block to exit to block

    def __post_init__(self) -> None:
        ways = {name: {key: way.target for key, way in block.exits().items()} for name, block in self.blocks.items()}
        object.__setattr__(self, "ways", ways)

    def target(self, block: str, exit_name: str) -> str:
        """The block that an exit leads to, "" for none: then the flow ends."""
        return self.ways[block].get(exit_name, "")

    def languages(self, default: Language) -> list[Language]:
        """Every language that a call may have in this flow, the first one first."""
        chosen = [block.language for block in self.blocks.values() if isinstance(block, LanguageBlock)]
        return list(dict.fromkeys([self.language or default, *chosen]))


def prompts_of(flow: Flow, default: Language) -> list[tuple[str, str]]:
    """(text, language) of everything that the flow says, for preloading."""
    languages = flow.languages(default)
    found = [
        spoken
        for block in flow.blocks.values()
        for text in block.texts().values()
        for spoken in spoken_in(text, languages)
    ]
    return list(dict.fromkeys(found))


def validate(flow: Flow, config: Config, sounds: Sequence[str] | None = None) -> Iterator[Problem]:
    """Every mistake of a flow of blocks: exits, references, blocks out of reach, circles without end, missing
    languages.

    `sounds` are the names that "play" may use; None when they are not known yet.
    """
    if flow.coroutine is not None:
        return
    if flow.start not in flow.blocks:
        yield Problem(
            (*flow.path, "start"), f"flow {flow.name!r} has no block {flow.start!r}", _named(flow.start, flow.blocks)
        )
        return
    lost = [problem for name, block in flow.blocks.items() for problem in _check_exits(flow, name, block)]
    yield from lost or _check_reach(flow)  # an exit that leads nowhere would make others look out of reach
    for name, block in flow.blocks.items():
        for reference in block.references():
            yield from _check_reference(flow, name, reference, config, sounds)
        yield from _check_texts(flow, name, block, config)
    yield from _check_circles(flow)


def _at(flow: Flow, name: str, key: str = "") -> Path:
    parts = tuple(key.split(".", 1)) if key else ()
    return (*flow.path, "block", name, *parts)


def _named(wrong: str, known: Mapping[str, object] | Sequence[str]) -> str:
    close = get_close_matches(wrong, list(known), 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"name one of: {', '.join(sorted(known))}" if known else "there is none yet"


def _check_exits(flow: Flow, name: str, block: Block) -> Iterator[Problem]:
    for exit_name, exit_ in block.exits().items():
        where = f"flow {flow.name!r}, block {name!r}"
        if not exit_.target:
            if exit_.required:
                text = f"{where}: exit {exit_name!r} leads nowhere"
                remedy = f'write {exit_.key} = "BLOCK"; a block of kind "hangup" ends the call'
                yield Problem(_at(flow, name, exit_.key), text, remedy)
        elif exit_.target not in flow.blocks:
            text = f"{where}: exit {exit_name!r} leads to {exit_.target!r}, which is no block of this flow"
            yield Problem(_at(flow, name, exit_.key), text, _named(exit_.target, flow.blocks))


def _check_reference(
    flow: Flow, name: str, reference: Reference, config: Config, sounds: Sequence[str] | None
) -> Iterator[Problem]:
    known: Sequence[str]
    if reference.what == "queue":
        known = [entry.name for entry in config.queue]
    elif reference.what in ("voicemail", "announcement"):
        known = [entry.name for entry in getattr(config, reference.what)]
    elif reference.what == "hours":
        known = [entry.name for entry in config.hours]
    elif reference.what == "skill":
        known = sorted({name for entry in config.agent for name in entry.skills})
    elif reference.what == "agent":
        known = [entry.extension for entry in config.agent]
        known += [name for entry in config.queue for name in members_of(entry, config.team)]
    elif reference.what == "target":
        known = [entry.number for entry in config.extension] + [
            entry.number for entry in config.number if entry.internal
        ]
        if any(reference.name.startswith(route.match) for route in config.route):
            return
    elif sounds is None:
        return
    else:
        known = sounds
    if reference.name not in known:
        what = "extension or number" if reference.what == "target" else reference.what
        text = f"flow {flow.name!r}, block {name!r}: there is no {what} {reference.name!r}"
        yield Problem(_at(flow, name, reference.key), text, _named(reference.name, known))


def _check_texts(flow: Flow, name: str, block: Block, config: Config) -> Iterator[Problem]:
    for key, text in block.texts().items():
        where = f"flow {flow.name!r}, block {name!r}"
        if isinstance(text, str):
            if not text.strip():
                yield Problem(_at(flow, name, key), f"{where}: {key} is empty", "write what the caller shall hear")
            continue
        for language in flow.languages(config.server.language):
            if not text.get(language, "").strip():
                yield Problem(
                    _at(flow, name, key),
                    f"{where}: {key} has no words in {language!r}, a language that calls of this flow have",
                    f'add {language} = "..."',
                )


def _check_reach(flow: Flow) -> Iterator[Problem]:
    reached: set[str] = set()
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in flow.blocks:
            continue
        reached.add(name)
        waiting += [exit_.target for exit_ in flow.blocks[name].exits().values() if exit_.target]
    for name in flow.blocks:
        if name not in reached:
            text = f"flow {flow.name!r}: no way leads to block {name!r}"
            yield Problem(_at(flow, name), text, "let an exit lead to it, or remove it")


def _check_circles(flow: Flow) -> Iterator[Problem]:
    """A circle of blocks that take no time would keep the process busy for ever."""
    done: set[str] = set()
    for first in flow.blocks:
        path: list[str] = []
        yield from _walk(flow, first, path, done)


def _walk(flow: Flow, name: str, path: list[str], done: set[str]) -> Iterator[Problem]:
    block = flow.blocks.get(name)
    if block is None or block.waits or name in done:
        return
    if name in path:
        circle = " -> ".join([*path[path.index(name) :], name])
        done.update(path)
        text = f"flow {flow.name!r}: {circle} goes in a circle in which nothing is said or waited for"
        yield Problem(_at(flow, name), text, "lead one of these exits out of the circle")
        return
    path.append(name)
    for exit_ in block.exits().values():
        yield from _walk(flow, exit_.target, path, done)
    path.pop()
    done.add(name)
