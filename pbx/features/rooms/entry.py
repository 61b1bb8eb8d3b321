"""The way into a conference: PIN, own name, and waiting for the moderator."""

from __future__ import annotations

import asyncio
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.features.rooms import texts

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.config import Room as RoomConfig

PIN_ATTEMPTS = 3
PIN_DIGITS = 16
NAME_S = 4.0


async def admitted(call: Call, config: RoomConfig) -> str:
    """ "moderator", "participant" or "" for who does not know the PIN."""
    if call.extension and call.extension in config.moderators:
        return "moderator"
    if not config.pin and not config.moderator_pin:
        return "participant"
    for _ in range(PIN_ATTEMPTS):
        clip = await call.services.prompts.get(texts.ASK_PIN[call.language], call.language)
        entered = await call.collect(minimum=0, maximum=PIN_DIGITS, timeout_s=10.0, between_s=5.0, prompt=[clip])
        if config.moderator_pin and entered == config.moderator_pin:
            return "moderator"
        if entered == config.pin and (entered or not config.pin):  # without a PIN, hash alone lets participants in
            return "participant"
        await call.say(texts.WRONG_PIN)
    return ""


async def spoken_name(call: Call) -> Any:
    """A clip of what the caller says after the tone; None when it cannot be had: a tone stands for it then."""
    prompts = call.services.prompts
    await call.say(texts.SAY_NAME)
    await call.play([prompts.tone("beep")])
    if call.a.media is None:
        return None
    path = f"names/{call.id}.wav"
    try:
        recording = call.a.media.record(path, None, plain=True)
    except (OSError, RuntimeError):
        return None
    try:
        await call.collect(maximum=1, timeout_s=NAME_S)
    finally:
        ended = recording.stop()
    try:
        await ended
        pcm = await asyncio.to_thread(_take, Path(recording.path))
    except (OSError, EOFError, wave.Error):
        return None
    return call.services.media.clip(pcm, f"name:{call.id}") if pcm else None


def _take(path: Path) -> bytes:
    """The left channel of a recording as 16-bit mono, and the file is gone."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, frames = file.getnchannels(), file.readframes(file.getnframes())
            if file.getsampwidth() != 2 or file.getframerate() != 8000:
                return b""
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
    if channels == 1:
        return frames
    step = 2 * channels
    return b"".join(frames[at : at + 2] for at in range(0, len(frames), step))
