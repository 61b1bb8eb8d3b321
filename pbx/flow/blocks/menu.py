"""Asks and takes a key: RFC 4733, INFO and in-band digits alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from pbx.flow.block import Block, Exit, Text

if TYPE_CHECKING:
    from pbx.flow.run import Run

KEYS = frozenset("0123456789*#ABCD")


class Menu(Block):
    """Exits: each key by its digits, "timeout" and "invalid" (after the last attempt; unwired they end the flow)."""

    kind: Literal["menu"]
    text: Text
    keys: dict[str, str]
    timeout_s: float = Field(default=5.0, gt=0, le=120)  # from the end of the text to the first digit
    between_s: float = Field(default=2.0, gt=0, le=30)  # between digits, when keys have several
    retries: int = Field(default=2, ge=0, le=20)  # how often the text is said again
    invalid_text: Text | None = None
    timeout: str = ""
    invalid: str = ""
    early: bool = False

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        if not keys:
            raise ValueError("a menu needs at least one key")
        for key in keys:
            if not key or not set(key) <= KEYS or len(key) > 8:
                raise ValueError(f"{key!r} cannot be pressed: use 1 to 8 of 0-9, *, #, A-D")
        return keys

    def exits(self) -> dict[str, Exit]:
        by_key = {key: Exit(f"keys.{key}", target, required=True) for key, target in self.keys.items()}
        return {**by_key, "timeout": Exit("timeout", self.timeout), "invalid": Exit("invalid", self.invalid)}

    def texts(self) -> dict[str, Text]:
        return (
            {"text": self.text} if self.invalid_text is None else {"text": self.text, "invalid_text": self.invalid_text}
        )

    def sets(self) -> tuple[str, ...]:
        return ("menu.key",)

    async def run(self, run: Run) -> str:
        if not self.early:
            await run.call.answer()
        longest = max(map(len, self.keys))
        terminator = "" if any("#" in key for key in self.keys) else "#"
        outcome = "timeout"
        for attempt in range(self.retries + 1):
            pressed = await run.call.collect(
                maximum=longest,
                timeout_s=self.timeout_s,
                between_s=self.between_s,
                terminator=terminator,
                prompt=[await run.clip(self.text)],
            )
            run.variables.set("menu.key", pressed)
            if pressed in self.keys:
                return pressed
            outcome = "invalid" if pressed else "timeout"
            if pressed and self.invalid_text is not None and attempt < self.retries:
                await run.say(self.invalid_text)
        return outcome


def single_keys(table: dict[str, str]) -> dict[str, str]:
    """`table`, for validators of settings by key. Raises ValueError when one is no single key."""
    for key in table:
        if len(key) != 1 or key not in KEYS:
            raise ValueError(f"{key!r} cannot be pressed: use one of 0-9, *, #, A-D")
    return table
