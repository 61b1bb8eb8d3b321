"""Recordings of bridged calls: <yyyy>/<mm>/<dd>/<call id>.wav below the recordings folder. A disk that fails ends
no call.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.events import Alarm, CallEvent, EventBus, Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.ports import Recording
    from pbx.clock import Clock

log = logging.getLogger("centrala.recording")
ALARM = "recording_failed"


@dataclass(slots=True)
class Tape:
    """The recording of a call's bridge. Its name is the recording's id in the journey."""

    name: str
    recording: Recording
    paused: bool = False


class Recorder:
    """Starts and stops recordings; failures become an alarm that ends with the next one that succeeds."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._stopping: set[asyncio.Task[None]] = set()
        self._alarmed = False
        self.failures = 0

    def start(self, call: Call, leg: Leg, **why: str) -> bool:
        """Records the caller (left) and `leg` (right); False, with an alarm, when that is not possible. `why` goes
        into the journey.
        """
        assert call.a.media is not None
        assert leg.media is not None
        day = time.strftime("%Y/%m/%d", time.gmtime(call.started_at))
        call.recordings += 1  # a party that comes back is recorded anew, beside what there is already
        name = call.id if call.recordings == 1 else f"{call.id}-{call.recordings}"
        path = f"{day}/{name}.wav"
        stream, other = call.a.media, leg.media
        recording = self.begin(lambda path: stream.record(path, other), path)
        if recording is None:
            return False
        call.emit(Kind.RECORDING_STARTED, recording=name, path=recording.relative_path, **why)
        call.tape = Tape(name, recording)
        return True

    def stop(self, call: Call) -> None:
        """Ends the recording of a call, if there is one; RECORDING_ENDED is published when all of it is on disk, after
        the call's end if need be.
        """
        tape, call.tape = call.tape, None
        if tape is not None:
            self.end(call.id, tape)

    def pause(self, call: Call, on: bool, *, by: str) -> bool:
        """Silence is recorded from now on, or sound again; False when that is so already or nothing is recorded."""
        tape = call.tape
        if tape is None or tape.paused is on:
            return False
        tape.paused = on
        tape.recording.pause(on)
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
