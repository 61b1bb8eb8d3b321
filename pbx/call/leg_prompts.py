"""Speaking to one leg that is in no bridge, and hearing its keys; `Call.play` and `collect` do it for the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pbx.call.digits import Digits

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg


async def play(leg: Leg, clips: Sequence[Any]) -> None:
    """Plays `clips` to the far end of `leg`; returns at their end, or when the leg is over."""
    media = leg.media
    if media is None:
        return
    playing = media.play(list(clips))
    try:
        await asyncio.shield(playing)
    finally:
        if not playing.done() and leg.media is media:
            media.stop_play()


async def say(call: Call, leg: Leg, text: Mapping[str, str]) -> None:
    """Speaks `text` in the call's language, or the server's."""
    await play(leg, [await clip(call, text)])


async def ask(call: Call, leg: Leg, text: Mapping[str, str], *, wait_s: float) -> str:
    """Speaks `text`; the key that was pressed during it or in the `wait_s` seconds after, "" for none."""
    question = await clip(call, text)
    if leg.is_ended or leg.media is None:
        return ""
    digits = leg.digits = Digits()
    ended = leg.ended
    playing = leg.media.play([question])

    def wake(_: object) -> None:
        digits.wake()

    ended.add_done_callback(wake)
    playing.add_done_callback(wake)
    try:
        pressed = ""
        while not pressed and not playing.done() and not leg.is_ended:
            pressed = await digits.wait()
        return pressed or ("" if leg.is_ended else await digits.wait(wait_s))
    finally:
        ended.remove_done_callback(wake)
        playing.remove_done_callback(wake)
        leg.digits = None
        if leg.media is not None:
            leg.media.stop_play()


async def clip(call: Call, text: Mapping[str, str]) -> Any:
    """`text` as a clip in the call's language, or the server's when it has none in that."""
    language = call.language if call.language in text else call.services.config.server.language
    return await call.services.prompts.get(text[language], language)
