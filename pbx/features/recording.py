"""Recording a talk on demand: by a key of who talks, or by command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.call import Call


class RecordingError(Exception):
    """What was asked for cannot be done; `text` says why."""


def record(call: Call, action: str, by: str) -> str:
    """Does "start", "stop" or "toggle" to the talk of `call`; gives "recording" or "stopped". RecordingError."""
    if action == "toggle":
        action = "start" if call.tape is None else "stop"
    if action == "start":
        _start(call, by)
        return "recording"
    if action != "stop":
        raise RecordingError(f"{action!r} is nothing that can be done; use start or stop")
    if call.tape is None:
        raise RecordingError(f"call {call.id} is not recorded")
    call.services.recorder.stop(call)
    return "stopped"


def _start(call: Call, by: str) -> None:
    peer = call.a.peer
    if call.tape is not None:
        raise RecordingError(f"call {call.id} is recorded already")
    if peer is None or call.a.media is None or peer.media is None:
        raise RecordingError(f"call {call.id} is not talked in: there is nothing to record")
    if not call.services.recorder.start(call, peer, by=by):
        raise RecordingError("the recording cannot be written; see the alarm recording_failed")
