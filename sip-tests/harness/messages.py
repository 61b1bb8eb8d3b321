"""The `sms` step: what the SMSC of a PBX was given, what customers write, and how it misbehaves.

`{got: {number:, text:, times: 1}}` waits until the number has that many messages with the text in them, and no more;
`{nothing_to: NUMBER}` is what it says, now; `{write: {number:, text:}}` is a customer's message, and
`{silent: NUMBER}` lets the SMSC take messages to the number and never answer; `{receipt: NUMBER}` is a late receipt of
the last of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.pbx import Pbx


class SmsFailed(Exception):
    """The text says what was expected and what came."""


def act(pbx: Pbx, wanted: dict[str, Any], timeout_s: float) -> None:
    """Does one step. Raises SmsFailed."""
    smsc = pbx.smsc
    if smsc is None:
        raise SmsFailed("the configuration has no [[sms.gateway]]")
    if "write" in wanted:
        one = wanted["write"]
        status = smsc.write(str(one["number"]), "5000", str(one["text"]), coding=8)
        if status != 0:
            raise SmsFailed(f"the PBX answered a message with status 0x{status:x}")
    elif "silent" in wanted:
        smsc.do.silent.add(str(wanted["silent"]).lstrip("+"))
    elif "receipt" in wanted:
        number = str(wanted["receipt"]).lstrip("+")
        smsc.receipt([each.id for each in smsc.submitted if each.destination == number][-1], number)
    elif "nothing_to" in wanted:
        number = str(wanted["nothing_to"]).lstrip("+")
        if any(to == number for to, _text in smsc.messages()):
            raise SmsFailed(f"{number} got {smsc.messages()}")
    else:
        _await(smsc, wanted["got"], timeout_s)


def _await(smsc: Any, wanted: dict[str, Any], timeout_s: float) -> None:
    number, text, times = str(wanted["number"]).lstrip("+"), str(wanted["text"]), int(wanted.get("times", 1))
    deadline = time.monotonic() + timeout_s
    while True:
        found = [said for to, said in smsc.messages() if to == number and text in said]
        if len(found) == times:
            return
        if len(found) > times or time.monotonic() > deadline:
            raise SmsFailed(f"{number} got {len(found)} of {times} with {text!r}; all: {smsc.messages()}")
        time.sleep(0.02)
