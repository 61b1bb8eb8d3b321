"""Codes that are pressed while one talks: recognised digit by digit; features register what theirs do.

Only who may use them is listened to (`incall_codes` of the extension, or of the queue that an agent serves). The media
threads carry digits of RFC 4733 at once, so the other side hears the code itself; what is asked for afterwards (a
number) is pressed outside the bridge, and it hears nothing of that.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.config import Config

Handler = Callable[["Call", "Leg"], Coroutine[Any, Any, None]]
BETWEEN_S = 2.0  # a code is pressed in one go


class InCallCodes:
    """The registry. `used` counts codes by name, for the metrics."""

    def __init__(self, config: Config) -> None:
        self._codes: dict[str, tuple[str, Handler]] = {}
        self._handlers: dict[str, Handler] = {}  # by name, those of codes that are off too
        self._typed: WeakKeyDictionary[Leg, tuple[str, float]] = WeakKeyDictionary()
        self.used: dict[str, int] = {}
        self.take((config, self.allowed(config)))

    @staticmethod
    def allowed(config: Config) -> set[str]:
        """The extensions that may press codes."""
        return {extension.number for extension in config.extension if extension.incall_codes}

    def take(self, made: tuple[Config, set[str]]) -> None:
        """From now on as the configuration and its `allowed` say, in running calls too."""
        config, self._allowed = made
        self._queues = {queue.name: queue.incall_codes for queue in config.queue if queue.incall_codes is not None}
        self.enabled = bool(self._allowed) or any(self._queues.values())
        codes = {name: getattr(config.incall, name) for name in self._handlers}
        if "park" in codes and not config.parking:
            codes["park"] = ""
        self._codes = {codes[name]: (name, handler) for name, handler in self._handlers.items() if codes[name]}

    def register(self, name: str, code: str, handler: Handler) -> None:
        """`handler(call, leg)` runs beside the call when the far end of `leg` presses `code`; "" turns it off."""
        self._handlers[name] = handler
        self.used[name] = 0
        if not code:
            return
        for known, (other, _) in self._codes.items():
            if known.startswith(code) or code.startswith(known):
                raise ValueError(f"in-call codes {name} ({code}) and {other} ({known}) cannot be told apart")
        self._codes[code] = (name, handler)

    def may_use(self, call: Call, leg: Leg) -> bool:
        """Whether the far end of `leg` is listened to."""
        extension = leg.extension
        if not extension:
            return False
        if leg.role == "agent" and call.queue in self._queues:
            return self._queues[call.queue]
        return extension in self._allowed

    def press(self, call: Call, leg: Leg, digit: str) -> str | None:
        """Takes a digit of a bridged leg. None: it may belong to a code, or ends one; otherwise what was typed so far
        and is no code, with this digit.
        """
        now = call.loop.time()
        typed, at = self._typed.pop(leg, ("", 0.0))
        if now - at > BETWEEN_S:
            typed = ""
        text = typed + digit
        found = self._codes.get(text)
        if found is not None:
            name, handler = found
            self.used[name] += 1
            call.spawn(handler(call, leg))
            return None
        if any(code.startswith(text) for code in self._codes):
            self._typed[leg] = (text, now)
            return None
        return text
