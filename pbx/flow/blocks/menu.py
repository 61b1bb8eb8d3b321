"""Asks and takes a key: RFC 4733, INFO and in-band digits alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from pbx.events import Kind
from pbx.flow.block import Block, Exit, Reference, Text
from pbx.flow.hearing import WORD, key_of

if TYPE_CHECKING:
    from pbx.flow.hearing import Hearing
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
    # Words that may be said instead of a key: {"1" = ["sales", "orders"]}; needs [speech.recognizer]
    speech: dict[str, list[str]] = {}
    speech_s: float = Field(default=8.0, ge=1, le=30)  # what is said is this long at most

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        if not keys:
            raise ValueError("a menu needs at least one key")
        for key in keys:
            if not key or not set(key) <= KEYS or len(key) > 8:
                raise ValueError(f"{key!r} cannot be pressed: use 1 to 8 of 0-9, *, #, A-D")
        return keys

    @model_validator(mode="after")
    def _check_speech(self) -> Self:
        for key, words in self.speech.items():
            if key not in self.keys:
                raise ValueError(f"speech of {key!r}, which is no key of the menu: use one of {', '.join(self.keys)}")
            if not words or not all(WORD.search(word) and len(word) <= 80 for word in words):
                raise ValueError(f"speech of {key!r} needs words of up to 80 characters")
        if self.speech and self.early:
            raise ValueError("early = true hears nobody: leave out speech, or answer the call")
        return self

    def exits(self) -> dict[str, Exit]:
        by_key = {key: Exit(f"keys.{key}", target, required=True) for key, target in self.keys.items()}
        return {**by_key, "timeout": Exit("timeout", self.timeout), "invalid": Exit("invalid", self.invalid)}

    def references(self) -> list[Reference]:
        return [Reference("recognizer", "", "speech")] if self.speech else []

    def texts(self) -> dict[str, Text]:
        return (
            {"text": self.text} if self.invalid_text is None else {"text": self.text, "invalid_text": self.invalid_text}
        )

    def sets(self) -> tuple[str, ...]:
        return ("menu.key", "menu.said") if self.speech else ("menu.key",)

    async def run(self, run: Run) -> str:
        if not self.early:
            await run.call.answer()
        longest = max(map(len, self.keys))
        terminator = "" if any("#" in key for key in self.keys) else "#"
        outcome = "timeout"
        hearing: Hearing | None = run.call.services.extra.get("hearing") if self.speech else None
        for attempt in range(self.retries + 1):
            pressed = await run.call.collect(
                maximum=longest,
                timeout_s=self.timeout_s if hearing is None else 0.0,
                between_s=self.between_s,
                terminator=terminator,
                prompt=[await run.clip(self.text)],
            )
            if hearing is not None and not pressed:
                pressed = await self._heard(run, hearing, longest, terminator)
            run.variables.set("menu.key", pressed)
            if pressed in self.keys:
                return pressed
            outcome = "invalid" if pressed else "timeout"
            if pressed and self.invalid_text is not None and attempt < self.retries:
                await run.say(self.invalid_text)
        return outcome

    async def _heard(self, run: Run, hearing: Hearing, longest: int, terminator: str) -> str:
        """The key that was said, or pressed meanwhile; what was said where it is none of the words; "" for nothing."""
        heard = await hearing.listen(run.call, timeout_s=self.timeout_s, longest_s=self.speech_s)
        if heard.key:
            run.call.unread_digit(heard.key)
            return await run.call.collect(maximum=longest, between_s=self.between_s, terminator=terminator)
        if heard.why:
            run.failed(f"the caller was not understood: {heard.why}")
        key = key_of(heard.text, self.speech)
        run.variables.set("menu.said", heard.text)
        result = "failed" if heard.why else "nothing" if not heard.text else "key" if key else "other"
        run.call.emit(Kind.SPEECH_HEARD, block=run.block, result=result, key=key, characters=len(heard.text))
        return key or heard.text


def single_keys(table: dict[str, str]) -> dict[str, str]:
    """`table`, for validators of settings by key. Raises ValueError when one is no single key."""
    for key in table:
        if len(key) != 1 or key not in KEYS:
            raise ValueError(f"{key!r} cannot be pressed: use one of 0-9, *, #, A-D")
    return table
