"""A flow: blocks by name and where it starts, or a Python coroutine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pbx.config import Language
from pbx.configfile.problem import Path
from pbx.flow.block import Block
from pbx.flow.texts import spoken_in
from pbx.flow.values import Value

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.flow.document import FlowDocument

MAX_ENTERED = 8  # flows that wait for one another
ERROR = "error"  # the exit of a block that failed


@dataclass(frozen=True, slots=True)
class Flow:
    """`path` is where it stands, `blocks_key` what its blocks are called there. Either `blocks` and `start`, or
    `coroutine`."""

    name: str
    path: Path
    language: Language | None = None
    start: str = ""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    coroutine: Callable[[Call], Awaitable[Any]] | None = None
    version: int = 0  # 0: of the configuration file
    defaults: Mapping[str, str] = field(default_factory=dict)  # exit to block, for exits that are not wired
    on_hangup: str = ""  # the block that runs after the caller has hung up
    variables: Mapping[str, Value] = field(default_factory=dict)  # with what they begin
    journal: tuple[str, ...] = ()  # names whose values the journey keeps
    voice: Mapping[Language, str] = field(default_factory=dict)  # who speaks each language; others as configured
    blocks_key: str = "block"
    document: FlowDocument | None = None  # what it was made from
    hides: bool = field(init=False)  # one of its blocks asks for secret digits
    ways: Mapping[str, Mapping[str, str]] = field(init=False)  # block to exit to block, defaults included

    def __post_init__(self) -> None:
        ways = {
            name: {key: way.target or self.defaults.get(key, "") for key, way in block.exits().items()}
            for name, block in self.blocks.items()
        }
        object.__setattr__(self, "ways", ways)
        object.__setattr__(self, "hides", any(block.hides() for block in self.blocks.values()))

    def target(self, block: str, exit_name: str) -> str:
        """The block that an exit leads to, "" for none: then the flow ends."""
        return self.ways[block].get(exit_name, "")

    def beyond(self, block: str) -> str:
        """Where the caller goes on when a block failed, "" for nowhere."""
        target = self.target(block, ERROR) or self.defaults.get(ERROR, "")
        return target if target != block else ""

    def voice_of(self, block: str, language: str) -> str:
        """Who speaks what a block says in a language, "" for the voice that the configuration gives it."""
        known = cast("Language", language)
        own = self.blocks[block].voice.get(known) if block in self.blocks else None
        return own or self.voice.get(known, "")

    def at(self, block: str, key: str = "") -> Path:
        """Where a key of a block stands."""
        return (*self.path, self.blocks_key, block, *(key.split(".", 1) if key else ()))

    def languages(self, default: Language) -> list[Language]:
        """Every language that a call may have in this flow, the first one first."""
        chosen = [language for block in self.blocks.values() for language in block.speaks()]
        return list(dict.fromkeys([self.language or default, *chosen]))


def prompts_of(flow: Flow, default: Language) -> list[tuple[str, ...]]:
    """(text, language), and the voice where it is chosen, of everything that the flow says and that is the same for
    every caller, for preloading."""
    languages = flow.languages(default)
    found: dict[tuple[str, ...], None] = {}
    for name, block in flow.blocks.items():
        for text in block.texts().values():
            for words, language in spoken_in(text, languages):
                voice = flow.voice_of(name, language)
                found[(words, language, voice) if voice else (words, language)] = None
    return list(found)
