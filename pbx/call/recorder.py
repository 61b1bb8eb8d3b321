"""Recordings of bridged calls: <recordings>/<yyyy>/<mm>/<dd>/<call id>.wav, mode 0600. A disk that fails never ends a
call.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING

from pbx.events import Alarm, CallEvent, EventBus, Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.ports import Recording
    from pbx.clock import Clock

log = logging.getLogger("centrala.recording")
ALARM = "recording_failed"


class Recorder:
    """Starts and stops recordings; failures become an alarm that ends with the next one that succeeds."""

    def __init__(self, folder: str, bus: EventBus, clock: Clock) -> None:
        self._folder = folder
        self._bus = bus
        self._clock = clock
        self._made = ""  # the day's folder that surely exists
        self._stopping: set[asyncio.Task[None]] = set()
        self._alarmed = False
        self.failures = 0

    def start(self, call: Call, leg: Leg) -> tuple[str, Recording] | None:
        """Records the caller (left) and `leg` (right); None, with an alarm, when that is not possible."""
        assert call.a.media is not None
        assert leg.media is not None
        day = time.strftime("%Y/%m/%d", time.gmtime(call.started_at))
        name = call.id if leg.name == "b1" else f"{call.id}-{leg.name}"
        path = f"{day}/{name}.wav"
        try:
            self._make_folder(day)
            full = os.path.join(self._folder, path)
            os.close(os.open(full, os.O_WRONLY | os.O_CREAT, 0o600))
            recording = call.a.media.record(full, leg.media)
        except OSError as error:
            self._failed(error)
            return None
        call.emit(Kind.RECORDING_STARTED, recording=name, path=path)
        return name, recording

    def stop(self, call: Call, started: tuple[str, Recording]) -> None:
        """Ends a recording; RECORDING_ENDED is published when all of it is on disk, after the call's end if need be."""
        name, recording = started
        task = asyncio.get_running_loop().create_task(self._stop(call.id, name, recording))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def settle(self) -> None:
        """Waits until every stopped recording is on disk."""
        while self._stopping:
            await asyncio.wait(tuple(self._stopping))

    async def _stop(self, call_id: str, name: str, recording: Recording) -> None:
        try:
            duration_s = await recording.stop()
        except OSError as error:
            self._failed(error)
            return
        now = self._clock.unix()
        self._bus.publish(
            CallEvent(Kind.RECORDING_ENDED, call_id, "a", now, {"recording": name, "duration_s": duration_s})
        )
        if self._alarmed:
            self._alarmed = False
            self._bus.publish(Alarm(ALARM, "recordings are written again", False, now))

    def _make_folder(self, day: str) -> None:
        if day != self._made:
            os.makedirs(os.path.join(self._folder, day), mode=0o700, exist_ok=True)
            self._made = day

    def _failed(self, error: OSError) -> None:
        self.failures += 1
        self._made = ""
        log.error("recording failed: %s", error)
        if not self._alarmed:
            self._alarmed = True
            text = f"a call is not recorded: {error}; free space in {self._folder} or correct media.recordings_dir"
            self._bus.publish(Alarm(ALARM, text, True, self._clock.unix()))
