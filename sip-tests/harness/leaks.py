"""Nothing may be left of a call: the PBX counts what it holds, and the counts must come back."""

from __future__ import annotations

import time

from harness.pbx import Pbx

PROMPT = ("calls", "legs", "streams", "rtp_ports", "recordings", "tasks", "descriptors")
LINGERING = ("sessions", "transactions")  # RFC 3261 keeps finished ones for up to 64*T1
PROMPT_S = 20.0
LINGER_S = 40.0


class Leaks:
    """Compares the PBX's `/leaks` counts with those taken when this object was made."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._baseline = self._counts()

    def check(self) -> list[str]:
        """What calls, media, tasks and descriptors did not come back within PROMPT_S."""
        return self._wait(PROMPT, PROMPT_S)

    def check_lingering(self) -> list[str]:
        """What of the transactions did not come back within LINGER_S."""
        return self._wait(LINGERING, LINGER_S)

    def _wait(self, names: tuple[str, ...], limit_s: float) -> list[str]:
        deadline = time.monotonic() + limit_s
        while True:
            counts = self._counts()
            left = [name for name in names if counts.get(name, 0) > self._baseline.get(name, 0)]
            if not left or time.monotonic() > deadline:
                return [f"{counts[name] - self._baseline.get(name, 0)} {name} left behind" for name in left]
            time.sleep(0.1)

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = self._pbx.control.get("/leaks")
        return counts
