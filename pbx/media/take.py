"""A prompt that a human has spoken: read from any usual file, checked, trimmed and levelled. In a worker process only.

The master is kept at -19 LUFS (48 kHz), as studios and programmes that read it expect. What callers hear is brought to
-26 dBov active speech level, the level that rendered prompts have and that telephone networks are planned for (ITU-T
P.56): at 8 kHz that is what -19 LUFS would be 7 dB above.
"""

from __future__ import annotations

import math
import wave
from pathlib import Path
from typing import Any

import numpy as np

from pbx.media import shaping
from pbx.media.loudness import loudness_lufs
from pbx.media.speech_worker import write

LOUDNESS_LUFS = -19.0
MASTER_RATE = 48000
NO_SOUND = "it holds no sound; give a WAV, MP3, Ogg or FLAC file"
SHORTEST_S, LONGEST_S = 0.2, 180.0
QUIETEST_DBOV = -50.0  # active level under which there is nothing but noise
CLIPPED_AT = 0.999  # of full scale
CLIPPED_SHARE = 0.001  # of the samples: more is heard as distortion, and nothing can repair it


def take(request: dict[str, Any]) -> dict[str, Any]:
    """Writes `master`, the `wide` ones and `out`; gives duration_s, loudness_lufs and peak_dbov of the source.

    Raises ValueError for a file that cannot be read or used, with the remedy.
    """
    source = Path(request["source"])
    samples, rate = _read(source)
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    if len(samples) > LONGEST_S * rate:
        raise ValueError(f"it lasts {len(samples) / rate:.0f} s; {LONGEST_S:.0f} s are allowed")
    active = shaping.active_level_dbov(samples, rate) if len(samples) >= rate // 50 else -math.inf
    loudness = loudness_lufs(samples, rate)
    if active < QUIETEST_DBOV or math.isinf(loudness):
        raise ValueError(f"it is silent (level {active:.0f} dBov); check the microphone and record it again")
    clipped = float(np.mean(np.abs(samples) >= CLIPPED_AT))
    if clipped > CLIPPED_SHARE:
        raise ValueError(f"{clipped:.1%} of it is clipped; record it again at a lower level")
    sound = shaping.trim(_at_loudness(samples, loudness), rate)
    if len(sound) < SHORTEST_S * rate:
        raise ValueError(f"it lasts {len(sound) / rate:.2f} s without its silence; {SHORTEST_S} s are the least")
    sound = _at_loudness(sound, loudness_lufs(sound, rate))  # silence at its ends counted before
    master = shaping.limit(shaping.resample(sound, rate, MASTER_RATE), MASTER_RATE)
    write(Path(request["master"]), shaping.to_pcm(master), MASTER_RATE)
    wide = {int(hertz): Path(path) for hertz, path in request.get("wide", {}).items()}
    for hertz, path in [*wide.items(), (shaping.RATE, Path(request["out"]))]:
        fitted = shaping.normalise(shaping.resample(sound, rate, hertz), shaping.SPEECH_LEVEL_DBOV, hertz)
        write(path, shaping.to_pcm(fitted), hertz)
    measures = {"duration_s": len(sound) / rate, "loudness_lufs": loudness, "peak_dbov": shaping.db(peak)}
    return {name: round(value, 3) for name, value in measures.items()}


def _at_loudness(samples: shaping.Samples, loudness: float) -> shaping.Samples:
    return samples * 10 ** ((LOUDNESS_LUFS - loudness) / 20.0)


def _read(source: Path) -> tuple[shaping.Samples, int]:
    """Samples of one channel and their rate, as much as may be used and a bit."""
    try:
        with wave.open(str(source), "rb") as file:
            rate = file.getframerate()
            data = file.readframes(min(file.getnframes(), int((LONGEST_S + 1) * rate)))
            return shaping.from_pcm(data, file.getsampwidth(), file.getnchannels()), rate
    except (wave.Error, EOFError):  # another kind of file, or a WAV of floats
        return _decoded(source)


def _decoded(source: Path) -> tuple[shaping.Samples, int]:
    import av

    frames = []
    count = 0
    try:
        with av.open(str(source)) as container:
            if not container.streams.audio:
                raise ValueError(NO_SOUND)
            stream = container.streams.audio[0]
            rate = int(stream.rate)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            for frame in container.decode(stream):
                for piece in resampler.resample(frame):
                    frames.append(piece.to_ndarray().reshape(-1))
                    count += len(frames[-1])
                if count > (LONGEST_S + 1) * rate:
                    break
    except (av.error.FFmpegError, OSError) as error:
        remedy = "give a WAV, MP3, Ogg or FLAC file"
        # The library's text names our own scratch file.
        raise ValueError(f"it is no sound file that can be read ({error.strerror or 'broken'}); {remedy}") from error
    if not frames:
        raise ValueError(NO_SOUND)
    return np.concatenate(frames).astype(np.float64), rate
