"""The tones of a telephone network: ringing, busy, the beep before a recording. Levels in dBm0, 8 kHz mono s16le."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from core.signal.tone import tone_bytes

RATE = 8000
LEVEL_DBM0 = -13.0  # within the range of ITU-T E.180 for tones heard by subscribers
_FADE = 40  # samples (5 ms): an edge without a fade clicks


@dataclass(frozen=True, slots=True)
class Cadence:
    """A tone of `hertz` that sounds `on_s` and is silent `off_s`, as one loop."""

    hertz: float
    on_s: float
    off_s: float
    level_dbm0: float = LEVEL_DBM0


# E.180 supplement 2 for Poland: 425 Hz, ringing 1 s in 5 s, busy half a second on and off, congestion twice as fast.
TONES = {
    "ringback": Cadence(425.0, 1.0, 4.0),
    "busy": Cadence(425.0, 0.5, 0.5),
    "congestion": Cadence(425.0, 0.25, 0.25),
    "beep": Cadence(1000.0, 0.2, 0.1),
    "silence": Cadence(425.0, 0.0, 1.0),
}


def render(cadence: Cadence) -> bytes:
    """One round of a cadence."""
    count = round(cadence.on_s * RATE)
    sound = tone_bytes(cadence.hertz, 0.0, cadence.level_dbm0, count, RATE)
    samples = list(struct.unpack(f"={count}h", sound))
    for index in range(min(_FADE, count // 2)):
        gain = (index + 1) / (_FADE + 1)
        samples[index] = round(samples[index] * gain)
        samples[-1 - index] = round(samples[-1 - index] * gain)
    return struct.pack(f"<{count}h", *samples) + bytes(2 * round(cadence.off_s * RATE))
