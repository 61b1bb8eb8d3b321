"""What flows in plain Python do with a call: the same blocks that people draw, called as coroutines.

    from pbx import flow

    async def hotline(call: flow.Call) -> None:
        await flow.say(call, {"pl": "Dzień dobry", "en": "Good morning"})
        if await flow.menu(call, "Press one for sales", "1") == "1":
            await flow.queue(call, "sales", max_wait_s=300)

Each call is a step of the journey, with its exit and duration, as of a drawn flow; `name` is what the journey calls it,
its kind without one. Settings that a block does not take raise ValueError, with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pbx.flow.block import Block, Text
from pbx.flow.kinds import KINDS
from pbx.flow.run import run_of
from pbx.flow.scope import HangupScope, hangup_scope
from pbx.flow.step import take_step
from pbx.flow.variables import Variables

if TYPE_CHECKING:
    from pbx.call.call import Call

__all__ = [
    "HangupScope",
    "collect",
    "dial",
    "hang_up",
    "hangup_scope",
    "hours",
    "menu",
    "play",
    "queue",
    "record",
    "render",
    "run_block",
    "say",
    "set_language",
    "sms",
    "variables_of",
]


async def run_block(call: Call, kind: str, /, *, name: str = "", **settings: Any) -> str:
    """Runs a block of any kind with the settings that a drawn one has; returns the name of its exit.

    Exits need no targets: the coroutine decides what comes next.
    """
    return await take_step(run_of(call), name or kind, _made(kind, settings))


async def say(call: Call, text: Text, *, interruptible: bool = False, early: bool = False, name: str = "say") -> None:
    """Speaks `text`, answering the call unless `early`. A key that interrupts it is the first of the next menu."""
    await run_block(call, "say", name=name, text=text, interruptible=interruptible, early=early)


async def play(call: Call, sound: str, *, early: bool = False, name: str = "play") -> None:
    """Plays a file of the music folder, named without its ending."""
    await run_block(call, "play", name=name, sound=sound, early=early)


async def menu(
    call: Call,
    text: Text,
    keys: Iterable[str],
    *,
    timeout_s: float = 5.0,
    between_s: float = 2.0,
    retries: int = 2,
    invalid_text: Text | None = None,
    early: bool = False,
    name: str = "menu",
) -> str:
    """Asks for one of `keys`; returns it, "timeout" or "invalid". Keys may have several digits: `["1", "21"]`."""
    offered = {key: key for key in keys}
    settings = {"timeout_s": timeout_s, "between_s": between_s, "retries": retries, "early": early}
    return await run_block(call, "menu", name=name, text=text, keys=offered, invalid_text=invalid_text, **settings)


async def collect(
    call: Call,
    text: Text,
    *,
    minimum: int = 1,
    maximum: int = 20,
    mask: bool = False,
    name: str = "collect",
    **settings: Any,
) -> str:
    """The digits that the caller types, "" when he does not; with `mask` no log, journey or record shows them."""
    asked = {"min": minimum, "max": maximum, "mask": mask, **settings}
    left_by = await run_block(call, "collect", name=name, text=text, **asked)
    into = str(settings.get("into", "collect.digits"))
    return str(run_of(call).variables[into]) if left_by == "ok" else ""


async def queue(
    call: Call, queue: str, *, max_wait_s: float | None = None, name: str = "queue", **settings: Any
) -> str:
    """Waits for an agent and talks: "answered", "timeout", "full", "no_agents", "callback", or a key of `keys`."""
    if "keys" in settings:
        settings["keys"] = {key: key for key in settings["keys"]}
    return await run_block(call, "queue", name=name, queue=queue, max_wait_s=max_wait_s, **settings)


async def dial(call: Call, target: str, *, timeout_s: float = 30.0, record: bool = False, name: str = "dial") -> str:
    """Rings and talks: "answered", "busy", "no_answer" or "failed"."""
    return await run_block(call, "dial", name=name, target=target, timeout_s=timeout_s, record=record)


async def record(call: Call, recording: str = "on", *, name: str = "record") -> None:
    """Begins ("on"), ends ("off"), pauses ("pause") or goes on with ("resume") the recording of the call."""
    await run_block(call, "record", name=name, recording=recording)


async def sms(
    call: Call, text: Text | None = None, *, template: str = "", to: str = "", name: str = "sms", **settings: Any
) -> str:
    """Sends a text, or an [[sms.template]], to the caller or `to`: "sent", "not_mobile" or "failed"."""
    return await run_block(call, "sms", name=name, text=text, template=template, to=to, **settings)


async def hours(call: Call, hours: str, *, name: str = "hours") -> str:
    """ "open", "closed" or "holiday" by [[hours]] `hours`, now."""
    return await run_block(call, "hours", name=name, hours=hours)


async def hang_up(call: Call, text: Text | None = None, *, cause: str = "normal", name: str = "hangup") -> None:
    """Ends the call, `text` said before. The coroutine should return after it."""
    await run_block(call, "hangup", name=name, text=text, cause=cause)


def set_language(call: Call, language: str) -> None:
    """What the caller hears from here on; also before the first word."""
    call.language = language


def variables_of(call: Call) -> Variables:
    """What the flow knows: `flow.variables_of(call)["call.region"]`; `.set("ivr.topic", "orders")`."""
    return run_of(call).variables


def render(call: Call, text: Text) -> str:
    """`text` as this caller would hear it, its variables filled."""
    return run_of(call).render(text)[0]


def _made(kind: str, settings: dict[str, Any]) -> Block:
    block_class = KINDS.get(kind)
    if block_class is None:
        raise ValueError(f"there is no kind of block {kind!r}; use one of {', '.join(KINDS)}")
    try:
        return block_class.model_validate({"kind": kind, **settings})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"])) or "its settings"
        raise ValueError(f"block {kind!r}: {where}: {fault['msg']}") from None
