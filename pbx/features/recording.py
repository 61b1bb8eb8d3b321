"""Recording a talk on demand: by a key of who talks, or by command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.call import Call


class RecordingError(Exception):
    """What was asked for cannot be done; `text` says why."""


def record(call: Call, action: str, by: str) -> str:
    """Does "start", "stop", "pause" or "resume" to the talk of `call`, or "toggle" (start or stop), or "toggle_pause";
    gives "recording", "paused" or "stopped". Raises RecordingError.
    """
    if action == "toggle":
        action = "start" if call.tape is None else "stop"
    elif action == "toggle_pause":
        action = "resume" if call.tape is not None and call.tape.paused else "pause"
    if action == "start":
        _start(call, by)
        return "recording"
    if action not in ("stop", "pause", "resume"):
        raise RecordingError(f"{action!r} is nothing that can be done; use start, stop, pause or resume")
    if call.tape is None:
        raise RecordingError(f"call {call.id} is not recorded")
    if action == "stop":
        call.services.recorder.stop(call)
        return "stopped"
    if not call.services.recorder.pause(call, action == "pause", by=by):
        raise RecordingError(f"the recording of call {call.id} is {'paused' if action == 'pause' else 'on'} already")
    return "paused" if action == "pause" else "recording"


def _start(call: Call, by: str) -> None:
    peer = call.a.peer
    if call.tape is not None:
        raise RecordingError(f"call {call.id} is recorded already")
    if peer is None or call.a.media is None or peer.media is None:
        raise RecordingError(f"call {call.id} is not talked in: there is nothing to record")
    if not call.services.recorder.start(call, peer, by=by):
        raise RecordingError("the recording cannot be written; see the alarm recording_failed")
