"""Keys of repeated requests (`Idempotency-Key`), as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["begun", "done", "done_untold"]


class TooMany(Exception):
    """One owner has used more keys than are kept."""


@dataclass(slots=True)
class Kept:
    """What is known of a key. begun: by a process that died; done_untold: its answer was too long or secret."""

    fingerprint: str
    state: State
    status: int = 0
    content_type: str = ""
    body: bytes = b""


class KeyStore(Protocol):
    """Where keys are kept. Raises StoreError (of pbx.store) when nothing can be saved."""

    async def begin(self, owner: str, key: str, fingerprint: str) -> Kept | None:
        """None when the key is new, and is now kept. Raises TooMany."""
        ...

    async def finish(self, owner: str, key: str, kept: Kept) -> None: ...

    async def release(self, owner: str, key: str) -> None:
        """Nothing was done: the key may be used again."""
        ...
