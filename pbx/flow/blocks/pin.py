"""Lets in who knows a PIN: one of a list, or the caller's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from pbx.call.pins import MAX_DIGITS, MIN_DIGITS, find_pin
from pbx.events import Kind
from pbx.flow.asking import Asked, ask, secret
from pbx.flow.block import Block, Exit, Reference, Text
from pbx.flow.fill import checked, fill

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Pin(Block):
    """Exits: "ok", "wrong" (after `tries`), "locked", "timeout" (nothing was pressed), "none" (nobody has a PIN here).

    Wrong PINs are counted for the caller's number and for whose PIN is asked for; both lock, over a restart too.
    """

    kind: Literal["pin"]
    text: Text
    pin_list: str = ""  # a [[pin_list]]
    customer: bool = False  # the PIN of the customer that caller_check found
    subject: str = ""  # whose PIN of the list, may hold variables; "": anybody's
    wrong_text: Text | None = None
    tries: int = Field(default=3, ge=1, le=10)  # in one run of the block
    timeout_s: float = Field(default=8.0, gt=0, le=60)
    between_s: float = Field(default=4.0, gt=0, le=30)
    lock_after: int = Field(default=5, ge=1, le=100)  # wrong ones of one caller
    lock_subject_after: int = Field(default=10, ge=1, le=1000)  # wrong ones for one PIN, by whomever
    lock_s: float = Field(default=900.0, ge=10, le=86_400)
    ok: str = ""
    wrong: str = ""
    locked: str = ""
    timeout: str = ""
    none: str = ""

    @field_validator("subject")
    @classmethod
    def _check_subject(cls, text: str) -> str:
        return checked(text)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.pin_list) == self.customer:
            raise ValueError('whose PIN it is: pin_list = "NAME" or customer = true')
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "ok": Exit("ok", self.ok, required=True),
            "wrong": Exit("wrong", self.wrong, required=True),
            "locked": Exit("locked", self.locked or self.wrong),
            "timeout": Exit("timeout", self.timeout or self.wrong),
            "none": Exit("none", self.none or self.wrong),
        }

    def texts(self) -> dict[str, Text]:
        return {"text": self.text, **({"wrong_text": self.wrong_text} if self.wrong_text is not None else {})}

    def references(self) -> list[Reference]:
        return [Reference("pin_list", self.pin_list, "pin_list")] if self.pin_list else []

    def sets(self) -> Sequence[str]:
        return ("pin.ok", "pin.name")

    def hides(self) -> bool:
        return True

    def templates(self) -> dict[str, str]:
        return {"subject": self.subject} if self.subject else {}

    async def run(self, run: Run) -> str:
        run.variables.set("pin.ok", False)
        subject = fill(run, self.subject, missing="") if self.subject else ""
        hashes = await self._hashes(run, subject)
        if not hashes:
            return self._told(run, "none", subject)
        await run.call.answer()
        keys = self._keys(run, subject)
        locks = run.call.services.extra["pin_locks"]
        for attempt in range(self.tries):
            if any(locks.locked_s(key) for key in keys):
                return self._told(run, "locked", subject)
            with secret(run.call):
                asked = Asked(MIN_DIGITS, MAX_DIGITS, self.timeout_s, self.between_s, "#", True)
                pressed = await ask(run, self.text, asked)
            if not pressed:
                return "timeout"
            name = await find_pin(pressed, hashes)
            if name is not None:
                for key in keys:
                    locks.right(key)
                run.variables.set("pin.ok", True)
                run.variables.set("pin.name", name)
                return self._told(run, "right", name)
            self._told(run, "wrong", subject)
            for key, after in keys.items():
                await locks.wrong(key, after, self.lock_s)
            if self.wrong_text is not None and attempt + 1 < self.tries:
                await run.say(self.wrong_text)
        return "wrong"

    async def _hashes(self, run: Run, subject: str) -> Mapping[str, str]:
        services = run.call.services
        if self.customer:
            found = await services.extra["customers"].find(run.call.caller)
            return {found.customer.id: found.customer.pin} if found is not None and found.customer.pin else {}
        entry = next(entry for entry in services.config.pin_list if entry.name == self.pin_list)
        if not self.subject:
            return entry.pins
        return {subject: entry.pins[subject]} if subject in entry.pins else {}

    def _keys(self, run: Run, subject: str) -> dict[str, int]:
        """What is counted, and after how many it locks."""
        call = run.call
        keys = {f"caller {call.extension or call.caller or 'anonymous'}": self.lock_after}
        if self.customer:
            keys[f"customer {call.caller}"] = self.lock_subject_after
        elif self.subject:
            keys[f"list {self.pin_list}/{subject}"] = self.lock_subject_after
        return keys

    def _told(self, run: Run, result: str, subject: str) -> str:
        shown = run.variables.hidden(subject)  # whose PIN it is may have been typed as a secret itself
        run.call.emit(Kind.PIN_CHECKED, block=run.block, result=result, subject=shown)
        return "ok" if result == "right" else result
