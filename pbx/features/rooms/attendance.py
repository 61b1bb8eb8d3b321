"""One caller's stay in a conference: the way in, the keys while inside, and the way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pbx.features.rooms import texts
from pbx.features.rooms.entry import admitted, spoken_name
from pbx.features.rooms.room import ENDED, KICKED, LEFT, ConferenceRoom, Participant

if TYPE_CHECKING:
    from pbx.call.call import Call

IDLE_S = 86_400.0  # keys are waited for as long as anybody may confer
GOODBYE = {KICKED: texts.KICKED, ENDED: texts.ENDED}


async def attend(call: Call, room: ConferenceRoom) -> None:
    """Runs until the caller hangs up, is removed, or the conference ends."""
    await call.answer()
    standing = await admitted(call, room.config)
    if not standing:
        await call.hangup("rejected", 403)
        return
    moderator = standing == "moderator"
    refusal = texts.LOCKED if room.locked and not moderator else texts.FULL if room.full else None
    if refusal is not None:
        await call.say(refusal)
        return
    participant = Participant(call, moderator, call.loop.time())
    if room.config.announce == "name":
        participant.name = await spoken_name(call)
        if room.full:  # it filled up while the name was spoken
            await call.say(texts.FULL)
            return
    room.add(participant)
    why = LEFT
    try:
        why = await _stay(call, room, participant)
    finally:
        was_inside = participant.inside
        room.remove(participant, why)
        if was_inside and why != ENDED:
            room.play(_announcement(room, participant, texts.HAS_LEFT))
    if why in GOODBYE:
        await call.say(GOODBYE[why])


async def _stay(call: Call, room: ConferenceRoom, participant: Participant) -> str:
    if room.config.wait_for_moderator and not room.moderated:
        await call.say(texts.WAIT)
        call.start_music(room.config.music)
        why = await _first(participant, room.moderator())
        if why:
            return why
    room.play(_announcement(room, participant, texts.HAS_JOINED))
    room.enter(participant)
    if len(room.inside) == 1 and not room.config.wait_for_moderator:
        await call.say(texts.ALONE)
        if len(room.inside) == 1:
            call.start_music(room.config.music)
    return await _first(participant, _keys(call, room, participant)) or LEFT


async def _first(participant: Participant, other: Any) -> str:
    """Why the participant is let go, or "" when `other` was over before."""
    task = asyncio.ensure_future(other)
    try:
        await asyncio.wait((participant.out, task), return_when=asyncio.FIRST_COMPLETED)
        if not participant.out.done():
            task.result()  # what it raised is the stay's to raise
    finally:
        task.cancel()
    return participant.out.result() if participant.out.done() else ""


async def _keys(call: Call, room: ConferenceRoom, participant: Participant) -> None:
    """*6 mutes and unmutes oneself; moderators: *5 locks and opens, *7 mutes all others, *9 lets them talk, *0 ends."""
    by = call.caller
    while True:
        pressed = await call.collect(maximum=2, timeout_s=IDLE_S, between_s=2.0, terminator="")
        if pressed == "*6":
            room.mute(participant, not participant.muted, by)
            await call.say(texts.MUTED if participant.muted else texts.UNMUTED)
        elif not participant.moderator:
            continue
        elif pressed == "*5":
            room.lock(not room.locked, by)
            await call.say(texts.NOW_LOCKED if room.locked else texts.NOW_OPEN)
        elif pressed in ("*7", "*9"):
            room.mute_all(pressed == "*7", by)
        elif pressed == "*0":
            room.end()


def _announcement(room: ConferenceRoom, participant: Participant, what: dict[str, str]) -> list[Any]:
    """What the others hear: a tone, or the name and what became of who bears it. [] when nothing is announced."""
    config, services = room.config, participant.call.services
    if config.announce == "none" or not room.inside:
        return []
    if participant.name is None:
        return [services.prompts.tone("beep")]
    language = services.config.server.language
    said = services.prompts.cached(what[language], language)
    return [participant.name, said] if said is not None else [participant.name]
