"""Prompts that a human has spoken: which text of which language they stand for, and where their sounds lie.

A take is used instead of the rendered prompt ("always"), or only when no voice can speak ("fallback"). Texts are
compared without marks and without regard to spaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pbx.language import marks

Use = Literal["always", "fallback"]
USES: tuple[Use, ...] = ("always", "fallback")


@dataclass(frozen=True, slots=True)
class Take:
    """One recording. `at` is when it was given, seconds since 1970 UTC; levels are those of what was uploaded."""

    language: str
    text: str
    use: Use
    sound: str  # the stem of its files
    source: str  # the name of the file that was uploaded
    author: str
    at: float
    duration_s: float
    loudness_lufs: float
    peak_dbov: float

    def file(self, folder: Path, rate: int) -> Path:
        """Its sound at `rate` Hz; 48,000 is the master at -19 LUFS."""
        return folder / f"{self.sound}-{rate}.wav"

    def row(self) -> dict[str, Any]:
        """Its columns."""
        return asdict(self)


class TakeStore(Protocol):
    """Where takes are kept. `save` and `remove` return after the commit."""

    async def load(self) -> Iterable[Mapping[str, Any]]: ...
    async def save(self, row: Mapping[str, Any]) -> None: ...
    async def remove(self, language: str, text: str) -> None: ...


class Takes:
    """Takes by language and text. The store may be given later; without one they last as long as the process."""

    def __init__(self) -> None:
        self._takes: dict[tuple[str, str], Take] = {}
        self._store: TakeStore | None = None

    async def attach(self, store: TakeStore) -> None:
        """Reads what is kept, and keeps from now on."""
        self._store = store
        for row in await store.load():
            take = Take(**{name: row[name] for name in Take.__slots__})
            self._takes[take.language, take.text] = take

    def find(self, text: str, language: str) -> Take | None:
        """The take of a text."""
        return self._takes.get((language, plain(text))) if self._takes else None

    def all(self) -> list[Take]:
        """Every take, by language and text."""
        return [self._takes[key] for key in sorted(self._takes)]

    async def put(self, take: Take) -> Take | None:
        """From now on `take`; returns the one that it replaces. Nothing changes when the store raises."""
        if self._store is not None:
            await self._store.save(take.row())
        before = self._takes.get((take.language, take.text))
        self._takes[take.language, take.text] = take
        return before

    async def remove(self, text: str, language: str) -> Take | None:
        """Takes it out; None when there was none."""
        take = self.find(text, language)
        if take is not None:
            if self._store is not None:
                await self._store.remove(language, take.text)
            del self._takes[language, take.text]
        return take

    def uses(self, sound: str) -> bool:
        """Whether any take still needs the files of that stem."""
        return any(take.sound == sound for take in self._takes.values())


def plain(text: str) -> str:
    """A text as takes are looked up by."""
    return " ".join(marks.stripped(text).split())


def sound_name(data: bytes) -> str:
    """The stem for what was uploaded: the same upload gives the same files."""
    return hashlib.sha256(data).hexdigest()[:32]
