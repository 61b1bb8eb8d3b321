"""PINs: three tries a call, and a lock after nine wrong ones in a row. The count outlives the process."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from pbx.call.pins import find_pin, is_hash
from pbx.events import Alarm, Kind
from pbx.voicemail import texts

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services

log = logging.getLogger("centrala.voicemail")

ROOM = "voicemail_pins"
TRIES = 3  # a call
LOCK_AFTER = 9  # wrong ones since the last right one
LOCK_S = 900.0
MAX_DIGITS = 16
ALARM = "voicemail_locked"


class Pins:
    """`owner` is what the PIN opens: "box sales", "announcement holiday"."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wrong: dict[str, tuple[int, float]] = {}  # wrong ones in a row, locked until (UTC seconds)
        for owner, kept in services.keeper.load(ROOM).items():
            self._wrong[owner] = int(kept["wrong"]), float(kept["until"])
        self.failures = 0  # since the start

    @property
    def locked(self) -> int:
        """What is locked now."""
        now = self._services.clock.unix()
        return sum(until > now for _, until in self._wrong.values())

    def is_locked(self, owner: str) -> bool:
        return self._wrong.get(owner, (0, 0.0))[1] > self._services.clock.unix()

    async def asked(self, call: Call, owner: str, pin: str) -> bool:
        """Asks the caller; False after the last try, and when it is locked. The digits stand in no event."""
        if not pin:
            return False
        call.hide_digits(True)
        try:
            return await self._tried(call, owner, pin)
        finally:
            call.hide_digits(False)

    async def _tried(self, call: Call, owner: str, pin: str) -> bool:
        for _ in range(TRIES):
            if self.is_locked(owner):
                call.emit(Kind.VOICEMAIL_REFUSED, owner=owner, why="locked")
                await call.say(texts.LOCKED)
                return False
            clip = await call.services.prompts.get(texts.ASK_PIN[call.language], call.language)
            entered = await call.collect(maximum=MAX_DIGITS, timeout_s=10.0, between_s=5.0, prompt=[clip])
            if await _fits(entered, pin):
                self._right(owner)
                return True
            self._failed(call, owner)
            await call.say(texts.WRONG_PIN)
        return False

    def _right(self, owner: str) -> None:
        if self._wrong.pop(owner, None) is not None:
            self._services.keeper.put(ROOM, owner, None)

    def _failed(self, call: Call, owner: str) -> None:
        self.failures += 1
        now = self._services.clock.unix()
        wrong, until = self._wrong.get(owner, (0, 0.0))
        wrong, until = (1, 0.0) if 0 < until <= now else (wrong + 1, until)
        if wrong >= LOCK_AFTER:
            until = now + LOCK_S
            text = (
                f"{owner} is locked for {LOCK_S / 60:.0f} minutes after {wrong} wrong PINs, the last by {call.caller!r}"
            )
            log.warning("%s", text)
            self._services.bus.publish(Alarm(ALARM, text, True, now))
            call.loop.call_later(LOCK_S, self._unlocked)
        self._wrong[owner] = wrong, until
        self._services.keeper.put(ROOM, owner, {"wrong": wrong, "until": until})
        call.emit(Kind.VOICEMAIL_REFUSED, owner=owner, why="wrong_pin")

    def _unlocked(self) -> None:
        if not self.locked:
            now = self._services.clock.unix()
            self._services.bus.publish(Alarm(ALARM, "no box is locked any more", False, now))


async def _fits(entered: str, pin: str) -> bool:
    """`pin` is the digits or their hash."""
    if is_hash(pin):
        return await find_pin(entered, {"pin": pin}) is not None
    return hmac.compare_digest(entered.encode(), pin.encode())
