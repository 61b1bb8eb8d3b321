"""What every block is: settings from the configuration, exits that lead to other blocks, and a coroutine that runs
it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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
    """Something that a block names and that must exist: `what` is "queue", "hours" or "target"."""

    what: str
    name: str
    key: str


class Block(BaseModel, ABC):
    """Base of all blocks. Subclasses add settings, `exits` and `run`; the settings' names are the keys people write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str  # each subclass names its own

    waits: ClassVar[bool] = True  # False: running it takes no time, so a circle of such blocks would never end
    waits_for_caller: ClassVar[bool] = True  # False: it may also run after the caller has hung up

    @abstractmethod
    def exits(self) -> dict[str, Exit]:
        """Exit name to exit; a name that `run` returns and that is not here ends the flow."""

    def texts(self) -> dict[str, Text]:
        """Key to what is said."""
        return {}

    def references(self) -> list[Reference]:
        return []

    def reads(self) -> dict[str, str]:
        """Key to an expression (pbx.flow.expression) that the block evaluates. The templates among its texts need not
        be told."""
        return {}

    def sets(self) -> Sequence[str]:
        """Names of the variables that the block may set, whatever its exit."""
        return ()

    @abstractmethod
    async def run(self, run: Run) -> str:
        """Does what the block is for; returns the name of the exit."""


def words_of(text: Text, language: str, default: str) -> tuple[str, str]:
    """(words, language) of `text` for a call in `language`; a text without it is spoken in the `default` language."""
    if isinstance(text, str):
        return text, language
    spoken: Any = language if language in text else default
    return text[spoken], spoken


def spoken_in(text: Text, languages: list[Language]) -> list[tuple[str, str]]:
    """(words, language) of a text in each of `languages`, for preloading."""
    if isinstance(text, str):
        return [(text, language) for language in languages]
    return [(words, language) for language, words in text.items()]


Blocks = Mapping[str, Block]
