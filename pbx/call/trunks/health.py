"""Whether a trunk lives: judged by its answers to OPTIONS and to calls, with hysteresis both ways."""

from __future__ import annotations

from collections.abc import Callable

from pbx.config import Trunk as TrunkConfig

REST_S = 60.0  # a trunk that calls found dead, and that is not asked by OPTIONS, gets no call for so long

UP = "up"
DOWN = "down"
UNKNOWN = "unknown"  # neither asked nor used yet: taken as up


class Health:
    """`answered` and `silent` are told by whoever sent a request. `on_change(up)` is told every change."""

    __slots__ = ("_failures", "_rest_until", "_successes", "_to_down", "_to_up", "asked", "on_change", "state")

    def __init__(self, config: TrunkConfig) -> None:
        self.state = UNKNOWN
        self.on_change: Callable[[bool], None] | None = None
        self.configure(config)
        self._failures = 0
        self._successes = 0
        self._rest_until = 0.0

    def configure(self, config: TrunkConfig) -> None:
        """From now on as `config` says; what is known of the trunk stays known."""
        self.asked = bool(config.options_every_s)
        self._to_down = config.options_failures
        self._to_up = config.options_successes

    def forget(self) -> None:
        """What was known is of another place."""
        self.state, self._failures, self._successes = UNKNOWN, 0, 0

    def usable(self, now: float) -> bool:
        """Whether calls should go there. One that only calls have found dead is tried again after a rest."""
        return self.state != DOWN or (not self.asked and now >= self._rest_until)

    @property
    def in_doubt(self) -> bool:
        """Whether the last question had no answer."""
        return self._failures > 0

    def answered(self) -> None:
        """A response that shows life came."""
        self._failures = 0
        if self.state == UP:
            return
        self._successes += 1
        if self.state == UNKNOWN or not self.asked or self._successes >= self._to_up:
            self._move(UP)

    def silent(self, now: float) -> None:
        """No response, or one that says that nothing is there (503 to OPTIONS)."""
        self._successes = 0
        self._failures += 1
        if self._failures >= self._to_down:
            self._rest_until = now + REST_S
            self._move(DOWN)

    def _move(self, state: str) -> None:
        if state == self.state:
            return
        was, self.state = self.state, state
        self._failures = self._successes = 0
        if self.on_change is not None and not (was == UNKNOWN and state == UP):
            self.on_change(state == UP)
