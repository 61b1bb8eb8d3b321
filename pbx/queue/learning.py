"""What one queue has learned of its calls and callers: how long they are handled, how long agents ring, how long
callers wait before they give up. Old calls fade; all of it survives a restart.
"""

from __future__ import annotations

import math
from typing import Any

from pbx.queue.durations import Durations

DEFAULT_AHT_S = 180.0
DEFAULT_PATIENCE_S = 300.0
DEFAULT_RING_S = 5.0
PRIOR = 5  # the defaults count as so many calls
WEIGHT = 0.01  # of the newest call in the moving averages, once there are enough
FORGET = 0.995  # per caller, of what is known about patience


class Estimator:
    """See the module. `handled_calls` counts since the queue's first call, restarts included."""

    __slots__ = ("_abandoned", "_rings", "_waited_s", "aht_s", "changed", "handled_calls", "ring_s", "talks", "wrapups")

    def __init__(
        self, aht_s: float = DEFAULT_AHT_S, patience_s: float = DEFAULT_PATIENCE_S, wrapup_s: float = 0.0
    ) -> None:
        self.aht_s = aht_s  # talk, hold and wrap-up
        self.ring_s = DEFAULT_RING_S  # of an agent's phone for one answered call, offers not accepted included
        self.talks = Durations(aht_s - min(wrapup_s, aht_s / 2))
        self.wrapups = Durations(wrapup_s)
        self.handled_calls = 0
        self.changed = False  # since `kept` was asked last
        self._rings = 0
        self._abandoned = float(PRIOR)
        self._waited_s = PRIOR * patience_s

    def handled(self, seconds: float) -> None:
        """A call was talked, held and wrapped up in this time."""
        self.handled_calls += 1
        self.changed = True
        self.aht_s += (max(seconds, 1.0) - self.aht_s) * _weight(self.handled_calls)

    def rang(self, seconds: float) -> None:
        """Phones rang so long for a call until one was answered."""
        self._rings += 1
        self.ring_s += (max(seconds, 0.1) - self.ring_s) * _weight(self._rings)

    def waited(self, seconds: float, *, abandoned: bool) -> None:
        """A caller waited so long, and gave up or was answered: patience is censored by answers (exponential MLE)."""
        self.changed = True
        self._abandoned = self._abandoned * FORGET + abandoned
        self._waited_s = self._waited_s * FORGET + seconds

    @property
    def patience_s(self) -> float:
        """The mean patience (1/theta): all waiting over all abandonments, old ones fading."""
        return max(self._waited_s / max(self._abandoned, 0.01), 1.0)

    @property
    def doubt(self) -> float:
        """The relative standard error of the handling time, as of exponential ones: 0.07 at best, 0.45 at first."""
        return 1 / math.sqrt(min(self.handled_calls + PRIOR, 2 / WEIGHT))

    @property
    def cycle_s(self) -> float:
        """What one call takes of an agent: ringing, talk, hold and wrap-up."""
        return self.aht_s + self.ring_s

    # -- over a restart --------------------------------------------------------------------------------------------

    def kept(self) -> dict[str, Any]:
        """What `restore` takes, JSON-ready."""
        self.changed = False
        return {
            "handled": self.handled_calls,
            "aht_s": round(self.aht_s, 3),
            "rings": self._rings,
            "ring_s": round(self.ring_s, 3),
            "abandoned": round(self._abandoned, 6),
            "waited_s": round(self._waited_s, 3),
            "talks": self.talks.kept(),
            "wrapups": self.wrapups.kept(),
        }

    def restore(self, kept: Any) -> None:
        """Takes up what another process had learned; what cannot be understood is passed over."""
        try:
            handled, rings = int(kept["handled"]), int(kept["rings"])
            figures = [float(kept[name]) for name in ("aht_s", "ring_s", "abandoned", "waited_s")]
            talks, wrapups = kept["talks"], kept["wrapups"]
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        if handled < 0 or rings < 0 or not all(math.isfinite(value) and value > 0 for value in figures):
            return
        self.handled_calls, self._rings = handled, rings
        self.aht_s, self.ring_s, self._abandoned, self._waited_s = figures
        self.talks.restore(talks)
        self.wrapups.restore(wrapups)


def _weight(count: int) -> float:
    return max(WEIGHT, 1 / (count + PRIOR))
