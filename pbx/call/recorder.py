"""Recordings of calls: <yyyy>/<mm>/<dd>/<call id>.wav below the recordings folder. A disk that fails ends no call.

A call has one recording, from the first talk that is to be recorded to the call's end: the caller on the left, whoever
the caller talks with on the right, in a conference all of them. It goes through hold, transfer and park; while the
caller talks with nobody it is silent, and the time goes on. Stopped by command and begun again, the call has another
file beside the first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.events import Alarm, CallEvent, EventBus, Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.ports import Recording
    from pbx.clock import Clock

log = logging.getLogger("centrala.recording")
ALARM = "recording_failed"
LEFT, RIGHT = 0, 1  # channels
WISH, REFUSED = "recording.wish", "recording.refused"  # in a call's variables


@dataclass(slots=True)
class Tape:
    """The recording of a call. Its name is the recording's id in the journey."""

    name: str
    recording: Recording
    paused: bool = False  # by whoever may: card data
    idle: bool = False  # nobody to talk with: silent as well
    left: Any = None  # the streams that are recorded now
    right: Any = None
    room: bool = False  # the caller is in a conference: on the right is what the caller is told there


class Recorder:
    """Starts and stops recordings; failures become an alarm that ends with the next one that succeeds."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._stopping: set[asyncio.Task[None]] = set()
        self._alarmed = False
        self.failures = 0

    def start(self, call: Call, leg: Leg, **why: str) -> bool:
        """Records the caller (left) and `leg` (right), in the call's recording where it has one; False, with an alarm,
        when that is not possible. `why` goes into the journey.
        """
        if call.variables and (call.variables.get(REFUSED) or call.variables.get(WISH) is False):
            return False
        assert call.a.media is not None
        assert leg.media is not None
        if call.tape is not None:
            if _take_up(call.tape, call.a.media, leg.media):
                return True
            self.stop(call)
        day = time.strftime("%Y/%m/%d", time.gmtime(call.started_at))
        call.recordings += 1
        name = call.id if call.recordings == 1 else f"{call.id}-{call.recordings}"
        path = f"{day}/{name}.wav"
        stream, other = call.a.media, leg.media
        recording = self.begin(lambda path: stream.record(path, other), path)
        if recording is None:
            return False
        call.emit(Kind.RECORDING_STARTED, recording=name, path=recording.relative_path, **why)
        call.tape = Tape(name, recording, left=stream, right=other)
        return True

    def rest(self, call: Call) -> None:
        """The caller talks with nobody for now: silence is recorded until `start` or `stop`."""
        tape = call.tape
        if tape is None:
            return
        if tape.right is not None:
            tape.recording.drop(tape.right)
            tape.right = None
        if tape.room and tape.left is not None:
            tape.recording.drop(tape.left, heard=True)
        tape.room, tape.idle = False, True
        tape.recording.pause(True)

    def converse(self, call: Call) -> None:
        """The caller talks in a conference: what the caller hears of it comes to the right, until `rest`."""
        tape = call.tape
        if tape is not None and tape.recording.active and tape.left is not None:
            try:
                tape.recording.add(tape.left, RIGHT, heard=True)
            except (ValueError, KeyError, RuntimeError) as error:
                log.warning("recording %s has nothing of the conference: %s", tape.name, error)
                return
            tape.room, tape.idle = True, False
            tape.recording.pause(tape.paused)

    def release(self, leg: Leg) -> None:
        """The stream of `leg` goes to another call, which may record it; a stream has one recording."""
        tape = leg.live_call.tape
        if tape is None or leg.media is None:
            return
        tape.recording.drop(leg.media)
        if tape.left is leg.media:
            if tape.room:
                tape.recording.drop(leg.media, heard=True)
            tape.left, tape.room = None, False
        elif tape.right is leg.media:
            tape.right = None

    def stop(self, call: Call) -> None:
        """Ends the recording of a call, if there is one; RECORDING_ENDED is published when all of it is on disk, after
        the call's end if need be.
        """
        tape, call.tape = call.tape, None
        if tape is not None:
            self.end(call.id, tape)

    def want(self, call: Call, on: bool) -> None:
        """Every talk of the call from here on is recorded, or none."""
        call.variables[WISH] = on
        if not on:
            self.stop(call)

    def refuse(self, call: Call) -> None:
        """The caller does not agree: nothing of the call is recorded to its end, whoever wants it."""
        call.variables[REFUSED] = True
        self.stop(call)

    @staticmethod
    def is_wanted(call: Call) -> bool:
        """Whether `want` said so last."""
        return bool(call.variables) and call.variables.get(WISH) is True

    def pause(self, call: Call, on: bool, *, by: str) -> bool:
        """Silence is recorded from now on, or sound again; False when that is so already or nothing is recorded."""
        tape = call.tape
        if tape is None or tape.paused is on:
            return False
        tape.paused = on
        tape.recording.pause(on or tape.idle)
        kind = Kind.RECORDING_PAUSED if on else Kind.RECORDING_RESUMED
        call.emit(kind, recording=tape.name, by=by)
        return True

    def begin(self, what: Callable[[str], Recording], path: str) -> Recording | None:
        """Begins a recording of something else than a call's bridge by `what(path)`; None, with an alarm, when that
        is not possible.
        """
        try:
            recording = what(path)
        except (OSError, RuntimeError) as error:
            self._failed(error)
            return None
        if self._alarmed:
            self._alarmed = False
            self._bus.publish(Alarm(ALARM, "calls are recorded again", False, self._clock.unix()))
        return recording

    def end(self, call_id: str, tape: Tape) -> None:
        """Ends what `begin` began; RECORDING_ENDED goes into the journey of the call."""
        task = asyncio.get_running_loop().create_task(self._stop(call_id, tape.name, tape.recording))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def settle(self) -> None:
        """Waits until every stopped recording is on disk."""
        while self._stopping:
            await asyncio.wait(tuple(self._stopping))

    async def _stop(self, call_id: str, name: str, recording: Recording) -> None:
        try:
            duration_s = await recording.stop()
        except OSError as error:  # the media engine raised its alarm already
            self.failures += 1
            log.error("recording %s was not completed: %s", name, error)
            return
        ended = {"recording": name, "duration_s": duration_s, "path": recording.relative_path}
        self._bus.publish(CallEvent(Kind.RECORDING_ENDED, call_id, "a", self._clock.unix(), ended))

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        log.error("a call is not recorded: %s", error)
        if not self._alarmed:
            self._alarmed = True
            text = f"calls are not recorded: {error}; free space or correct media.recordings_dir"
            self._bus.publish(Alarm(ALARM, text, True, self._clock.unix()))


def _take_up(tape: Tape, left: Any, right: Any) -> bool:
    """Puts the streams of the talk that begins onto the tape; False when it is over or has had all that it can take."""
    recording = tape.recording
    if not recording.active:
        return False
    try:
        # First who comes, then who goes: a recording ends with its last stream.
        if tape.left is not left:
            recording.add(left, LEFT)
        if tape.right is not right:
            recording.add(right, RIGHT)
    except (ValueError, KeyError, RuntimeError) as error:
        log.info("recording %s: another file goes on: %s", tape.name, error)
        return False
    for before, now in ((tape.left, left), (tape.right, right)):
        if before is not None and before is not now:
            recording.drop(before)
    tape.left, tape.right, tape.idle = left, right, False
    recording.pause(tape.paused)
    return True
