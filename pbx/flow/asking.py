"""How blocks ask for digits: the text, the digits pressed into it, before it and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.flow.block import Text
    from pbx.flow.run import Run

LATE_TERMINATOR_S = 2.0  # who has pressed all digits often presses the terminator as well


class Asked(NamedTuple):
    """How many digits are wanted, how long they are waited for (seconds), and what ends them."""

    minimum: int
    maximum: int
    timeout_s: float
    between_s: float
    terminator: str
    barge_in: bool


async def ask(run: Run, text: Text, asked: Asked) -> str:
    """Says `text` and returns the digits, "" for none."""
    call = run.call
    prompt = [await run.clip(text)]
    if not asked.barge_in:
        await call.play(prompt)
        prompt = []
    digits = await call.collect(
        minimum=asked.minimum,
        maximum=asked.maximum,
        timeout_s=asked.timeout_s,
        between_s=asked.between_s,
        terminator=asked.terminator,
        prompt=prompt,
    )
    if asked.terminator and len(digits) >= asked.maximum > 1:
        call.ignore_digit(asked.terminator, LATE_TERMINATOR_S)
    return digits


@contextmanager
def secret(call: Call) -> Iterator[None]:
    """Within it digits are told nobody, and a recording of the call is silent."""
    paused = call.services.recorder.pause(call, True, by="masked digits")
    call.hide_digits(True)
    try:
        yield
    finally:
        call.hide_digits(False)
        if paused and call.tape is not None:
            call.services.recorder.pause(call, False, by="masked digits")
