"""Switches the call's recording: on for the talks that follow, off, or silent for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Record(Block):
    """ "on": every talk of the call from here on is recorded; "off": none, and what runs is ended; "pause", "resume":
    what runs is silent, or sounds again. Who refused to be recorded is not, whatever this says.
    """

    kind: Literal["record"]
    recording: Literal["on", "off", "pause", "resume"]
    next: str = ""

    waits = False

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    async def run(self, run: Run) -> str:
        recorder, call = run.call.services.recorder, run.call
        if self.recording in ("on", "off"):
            recorder.want(call, self.recording == "on")
        else:
            recorder.pause(call, self.recording == "pause", by=f"flow {run.flow.name}")
        return "next"
