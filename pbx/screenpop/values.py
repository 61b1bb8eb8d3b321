"""What the variables of a template stand for, in a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.numbers.forms import write
from pbx.numbers.plan import NumberPlan
from pbx.screenpop.template import IVR

if TYPE_CHECKING:
    from pbx.call.call import Call

GCLID = "gclid"
TAG = "tag"  # among a call's variables


@dataclass(frozen=True, slots=True)
class Subject:
    """A call as one agent gets it. `name` is the customer's; `ivr` gives what a flow collected under a name."""

    call: Call
    agent: str
    queue: str
    name: str
    plan: NumberPlan
    ivr: Callable[[str], str]

    def value(self, variable: str) -> str:
        """Of a variable of the template; "" where nothing is known."""
        if variable.startswith(IVR):
            return self.ivr(variable.removeprefix(IVR))
        return _TABLE[variable](self)


def contact_of(call: Call) -> str:
    """The contact's id: of the item that the call was placed or taken for, else the call's own."""
    return call.setup.contact or call.id


def _number(of: Subject) -> str:
    """The customer's; "" when it is no full one, or he does not want it shown."""
    call = of.call
    if call.direction == "outbound":
        return of.plan.e164(call.callee)
    return "" if call.setup.withheld else of.plan.e164(call.caller)


def _national(of: Subject) -> str:
    e164 = _number(of)
    return write(e164, "national", of.plan.country) if e164 else ""


def _origin(of: Subject, name: str) -> str:
    """Of the attribution."""
    return str((of.call.setup.origin or {}).get(name) or "")


def _gclid(of: Subject) -> str:
    return _origin(of, "click_id") if _origin(of, "click_kind") == GCLID else ""


def _tags(of: Subject) -> str:
    found = (str(of.call.variables.get(TAG) or ""), of.call.setup.tag)
    return ",".join(dict.fromkeys(tag for tag in found if tag))


_TABLE: dict[str, Callable[[Subject], str]] = {
    "number_e164": _number,
    "number_national": _national,
    "did": lambda of: of.call.did,
    "queue": lambda of: of.queue,
    "call_id": lambda of: of.call.id,
    "contact_id": lambda of: contact_of(of.call),
    "session_id": lambda of: _origin(of, "session"),
    "utm_source": lambda of: _origin(of, "source"),
    "gclid": _gclid,
    "agent": lambda of: of.agent,
    "caller_name": lambda of: of.name,
    "tags": _tags,
}
