"""One conference while somebody is in it: who, muted or not, locked or not; what all of them hear."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.call.recorder import Tape
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import MediaRoom
    from pbx.call.services import Services
    from pbx.config import Room as RoomConfig

LEFT, KICKED, ENDED = "left", "kicked", "ended"


@dataclass(slots=True, eq=False)
class Participant:
    """One caller. `out` is set to why the room lets them go."""

    call: Call
    moderator: bool
    since: float  # the loop's seconds
    name: Any = None  # a clip of their own voice
    muted: bool = False
    inside: bool = False  # False: waits for the moderator
    out: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def release(self, why: str) -> None:
        if not self.out.done():
            self.out.set_result(why)


class ConferenceRoom:
    """See the module. `media` is open while somebody is inside."""

    def __init__(self, services: Services, config: RoomConfig) -> None:
        self.config = config
        self.name = config.name
        self.participants: list[Participant] = []
        self.locked = False
        self.media: MediaRoom | None = None
        self._services = services
        self._tape: Tape | None = None
        self._recorded_in = ""  # the call whose journey tells of the recording
        self._began = asyncio.Event()  # a moderator is there
        self._talking: set[Any] = set()

    # -- coming and going ------------------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        return len(self.participants) >= self.config.max_participants

    @property
    def moderated(self) -> bool:
        return any(participant.moderator for participant in self.participants)

    @property
    def inside(self) -> list[Participant]:
        return [participant for participant in self.participants if participant.inside]

    def add(self, participant: Participant) -> None:
        """The participant has a place; `enter` puts it among those who talk."""
        self.participants.append(participant)
        if participant.moderator:
            self._began.set()

    async def moderator(self) -> None:
        """Waits until a moderator is there."""
        await self._began.wait()

    def enter(self, participant: Participant) -> None:
        """From now on the participant hears the others and is heard, unless muted."""
        call, stream = participant.call, participant.call.a.media
        assert stream is not None
        call.stop_music()
        if self.media is None:
            self.media = self._services.media.open_room(near=stream)
            self.media.on_talker = self._talker
        participant.muted = self.config.muted and not participant.moderator
        self.media.join(stream, muted=participant.muted)
        participant.inside = True
        self._services.recorder.converse(call)
        call.emit(
            Kind.ROOM_JOINED, room=self.name, participants=len(self.participants), moderator=participant.moderator
        )
        for other in self.inside:
            other.call.stop_music()
        if self.config.record and self._tape is None:
            self._record(call)

    def remove(self, participant: Participant, why: str) -> None:
        """The participant is gone; what nobody uses any more is closed."""
        if participant not in self.participants:
            return
        self.participants.remove(participant)
        call = participant.call
        if participant.inside and self.media is not None and call.a.media is not None:
            self._services.recorder.rest(call)
            self.media.leave(call.a.media)
            self._talking.discard(call.a.media)
        joined_s = call.loop.time() - participant.since
        call.emit(Kind.ROOM_LEFT, room=self.name, participants=len(self.participants), reason=why, joined_s=joined_s)
        if participant.moderator and not self.moderated:
            self._began.clear()
            if self.config.end_with_moderator:
                self.end()
        if not self.inside:
            self._close()

    def end(self) -> None:
        """Everybody is told that the conference is over."""
        for participant in list(self.participants):
            participant.release(ENDED)

    def _close(self) -> None:
        tape, self._tape = self._tape, None
        if tape is not None:
            self._services.recorder.end(self._recorded_in, tape)
        media, self.media = self.media, None
        self._talking.clear()
        self.locked = False
        if media is not None:
            media.close()

    # -- what is done to it ----------------------------------------------------------------------------------------

    def mute(self, participant: Participant, on: bool, by: str) -> None:
        participant.muted = on
        if self.media is not None and participant.inside and participant.call.a.media is not None:
            self.media.mute(participant.call.a.media, on)
        self._changed(participant, "muted" if on else "unmuted", by)

    def mute_all(self, on: bool, by: str) -> None:
        """Everybody but the moderators."""
        for participant in self.participants:
            if not participant.moderator:
                self.mute(participant, on, by)

    def lock(self, on: bool, by: str) -> None:
        """A locked room takes moderators only."""
        self.locked = on
        for participant in self.participants[:1]:
            self._changed(participant, "locked" if on else "unlocked", by)

    def kick(self, participant: Participant, by: str) -> None:
        self._changed(participant, "kicked", by)
        participant.release(KICKED)

    def play(self, clips: list[Any]) -> None:
        """All of them hear it, over their talk."""
        if self.media is not None and clips:
            self.media.play(clips)

    def talks(self, participant: Participant) -> bool:
        return participant.call.a.media in self._talking

    def _record(self, call: Call) -> None:
        """Records all of the room; the journey of the call that came first tells of it."""
        assert self.media is not None
        day = time.strftime("%Y/%m/%d", time.gmtime(call.started_at))
        name = f"{call.id}-room"
        recording = self._services.recorder.begin(self.media.record, f"{day}/{name}.wav")
        if recording is not None:
            self._tape, self._recorded_in = Tape(name, recording), call.id
            call.emit(Kind.RECORDING_STARTED, recording=name, path=recording.relative_path, room=self.name)

    def _talker(self, stream: Any, talks: bool) -> None:
        (self._talking.add if talks else self._talking.discard)(stream)

    def _changed(self, participant: Participant, what: str, by: str) -> None:
        call = participant.call
        if not call.ended:
            call.emit(Kind.ROOM_CHANGED, room=self.name, what=what, by=by)
