"""One run of a flow by one call: where it stands, what it knows, and how its blocks speak."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from pbx.events import Kind
from pbx.flow.block import Text
from pbx.flow.pace import Pace
from pbx.flow.texts import TemplateError, filled, without_values, words_of
from pbx.flow.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pbx.call.call import Call
    from pbx.config import Language
    from pbx.flow.model import Flow

KEPT = "flow.run"  # in a call's variables
log = logging.getLogger("centrala.flow")


class Run:
    """What every block gets. `flow` changes when the caller goes into another flow; `block` is the one that runs, ""
    before the first.

    `flows` are all flows as they were when the call came: whatever is published later, the call does not see it.
    """

    __slots__ = (
        "blamed",
        "block",
        "call",
        "faults",
        "flow",
        "flows",
        "gone_to",
        "loops",
        "outer",
        "over",
        "pace",
        "returned",
        "variables",
    )

    def __init__(
        self,
        call: Call,
        flow: Flow,
        flows: Mapping[str, Flow] | None = None,
        variables: Variables | None = None,
    ) -> None:
        self.call = call
        self.flow = flow
        self.flows = flows if flows is not None else {flow.name: flow}
        self.block = ""
        self.outer: list[Flow] = []  # the flows that wait for the present one, the first one first
        self.gone_to: Flow | None = None  # where the caller goes after the present block, instead of its exit
        self.returned = ""  # the exit that the present flow ends with
        self.loops: dict[tuple[str, str], int] = {}  # rounds by flow and block, since the last flow that waits for ours
        self.faults = 0  # blocks that failed
        self.blamed: BaseException | None = None  # a fault that was told already
        self.over = False  # the flow has ended, or somebody else has taken the call
        self.pace = Pace(call.loop)
        self.variables = variables if variables is not None else Variables(call)

    @property
    def language(self) -> str:
        """What the caller hears from here on."""
        return self.call.language

    @language.setter
    def language(self, language: str) -> None:
        self.call.language = language

    @property
    def spoken(self) -> Language:
        """The same, for what fills templates."""
        return cast("Language", self.call.language)

    def leads(self, exit_name: str) -> str:
        """The block that `exit_name` of the running block leads to, "" for none."""
        return self.flow.target(self.block, exit_name)

    def render(self, text: Text) -> tuple[str, str]:
        """(words, language) of `text` as this caller hears it. Where a value cannot be said the words are said without
        the values, and FLOW_FAILED tells it."""
        words, language = words_of(text, self.language, self.call.services.config.server.language)
        try:
            return filled(words, self.variables, language), language
        except TemplateError as error:
            self.failed(str(error))
            return without_values(words), language

    def failed(self, error: str) -> None:
        """Tells that the running block could not do its work; the caller goes on. Masked values are not told."""
        flow, error = self.flow, self.variables.hidden(error)
        log.error("call %s, flow %s, block %s: %s", self.call.id, flow.name, self.block, error)
        self.call.emit(Kind.FLOW_FAILED, flow=flow.name, version=flow.version, block=self.block, error=error[:500])

    async def clip(self, text: Text) -> Any:
        """`text` as a clip in the caller's language."""
        words, language = self.render(text)
        return await self.call.services.prompts.get(words, language, self.flow.voice_of(self.block, language))

    async def say(self, text: Text, *, interruptible: bool = False) -> str:
        """Speaks `text`; with `interruptible` a digit ends it and is returned, else ""."""
        return await self.call.play([await self.clip(text)], interruptible=interruptible)


class PythonRun(Run):
    """Of a coroutine: it decides itself where an exit leads."""

    __slots__ = ()

    def leads(self, exit_name: str) -> str:
        """The exit's own name: the coroutine goes on."""
        return exit_name


def run_of(call: Call) -> Run:
    """The run of the flow in Python that has the call. RuntimeError when it is in none."""
    run = call.variables.get(KEPT)
    if not isinstance(run, Run):
        raise RuntimeError(f"call {call.id} is in no flow in Python: write it as `python = ...` of a [[flow]]")
    return run
