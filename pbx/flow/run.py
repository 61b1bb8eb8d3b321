"""One run of a flow by one call: where it stands, what it knows, and how its blocks speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.flow.block import Text, words_of
from pbx.flow.variables import Variables

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.flow.model import Flow

KEPT = "flow.run"  # in a call's variables


class Run:
    """What every block gets. `flow` changes when the caller goes into another flow; `block` is the one that runs, ""
    before the first."""

    __slots__ = ("block", "call", "flow", "variables")

    def __init__(self, call: Call, flow: Flow) -> None:
        self.call = call
        self.flow = flow
        self.block = ""
        self.variables = Variables(call)

    @property
    def language(self) -> str:
        """What the caller hears from here on."""
        return self.call.language

    @language.setter
    def language(self, language: str) -> None:
        self.call.language = language

    def leads(self, exit_name: str) -> str:
        """The block that `exit_name` of the running block leads to, "" for none."""
        return self.flow.target(self.block, exit_name)

    def render(self, text: Text) -> tuple[str, str]:
        """(words, language) of `text` as this caller hears it."""
        return words_of(text, self.language, self.call.services.config.server.language)

    async def clip(self, text: Text) -> Any:
        """`text` as a clip in the caller's language."""
        words, language = self.render(text)
        return await self.call.services.prompts.get(words, language)

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
