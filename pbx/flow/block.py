"""What every block is: settings from the configuration, exits that lead to other blocks, and a coroutine that runs
it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from pbx.config import Language

if TYPE_CHECKING:
    from pbx.flow.run import Run

Text = str | dict[Language, str]  # one text for whatever language the call has, or one for each


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out: the key that names the next block, and where it leads ("" ends the flow)."""

    key: str
    target: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that a block names and that must exist: `what` is a key of pbx.flow.references.KNOWN."""

    what: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Another flow that the block leads into; `returns` when the caller may come back to this one."""

    flow: str
    key: str
    returns: bool


class Block(BaseModel, ABC):
    """Base of all blocks. Subclasses add settings, `exits` and `run`; the settings' names are the keys people write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str  # each subclass names its own
    voice: dict[Language, str] = {}  # a [[speech.voice]] for what the block says, instead of the flow's

    waits: ClassVar[bool] = True  # False: running it takes no time, so a circle of such blocks would never end
    waits_for_caller: ClassVar[bool] = True  # False: it may also run after the caller has hung up
    bounded_exits: ClassVar[frozenset[str]] = frozenset()  # exits that are taken a limited number of times only
    hangup_exits: ClassVar[frozenset[str]] = frozenset()  # exits that lead on after the caller has hung up

    @abstractmethod
    def exits(self) -> dict[str, Exit]:
        """Exit name to exit; a name that `run` returns and that is not here ends the flow."""

    def texts(self) -> dict[str, Text]:
        """Key to what is said."""
        return {}

    def references(self) -> list[Reference]:
        return []

    def reads(self) -> dict[str, str]:
        """Key to an expression (pbx.flow.expression) that the block evaluates."""
        return {}

    def templates(self) -> dict[str, str]:
        """Key to a template that the block fills and that is not spoken: an address, a body. Those of `texts` are
        known anyway."""
        return {}

    def sets(self) -> Sequence[str]:
        """Names of the variables that the block may set, whatever its exit; "http.*" for all that begin so."""
        return ()

    def speaks(self) -> Sequence[Language]:
        """The languages that the block may give the call."""
        return ()

    def hides(self) -> bool:
        """Whether the digits that it asks for are a secret."""
        return False

    def enters(self) -> Entered | None:
        """The flow that the block leads into."""
        return None

    def returned(self) -> Sequence[str]:
        """The exits by which the block ends its flow for the one that led into it."""
        return ()

    def after_hangup(self, run: Run) -> str:  # noqa: ARG002  (for subclasses)
        """The exit of `hangup_exits` by which the flow goes on when the caller hung up in this block; "" for the
        flow's own way."""
        return ""

    @abstractmethod
    async def run(self, run: Run) -> str:
        """Does what the block is for; returns the name of the exit."""


Blocks = Mapping[str, Block]
