"""Dialling on: ring a target, follow its forwarding or its follow-me plan, and bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.errors import DialFailed
from pbx.call.introduction import diverted, way_lines
from pbx.call.ringing import Member, Ringing
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.config import Extension

MAX_HOPS = 10
# Our cause -> (which forward, reason of the Diversion header: RFC 5806 section 4).
_FORWARD = {
    "always": ("always", "unconditional"),
    "busy": ("busy", "user-busy"),
    "limit": ("busy", "user-busy"),
    "do_not_disturb": ("busy", "do-not-disturb"),
    "no_answer": ("no_answer", "no-answer"),
    "unregistered": ("unregistered", "unavailable"),
    "congestion": ("unregistered", "unavailable"),  # registered, but its connection is gone
    "network": ("unregistered", "unavailable"),
}


class DialResult(NamedTuple):
    """How dialling ended; `sip_status` and `cause` tell why nobody answered, `talk_s` how long it was talked."""

    answered: bool
    sip_status: int
    cause: str
    talk_s: float = 0.0
    ended_by: str = "callee"
    leg: str = ""
    target: str = ""


async def dial(
    call: Call,
    target: str,
    *,
    timeout_s: float,
    role: str,
    record: bool,
    account: str = "",
    headers: tuple[str, ...] = (),
) -> DialResult:
    """Rings `target` and those it forwards to, at most 10, none twice. Who forwards pays for what comes after."""
    visited: list[str] = []
    diversions, domain = call.setup.diversions, call.services.config.sip.domain
    phones, dialplan = call.services.phones, call.services.dialplan
    while True:
        visited.append(target)
        extension = dialplan.extensions.get(target)
        ring_s = min(timeout_s, extension.ring_timeout_s) if extension is not None else timeout_s
        want_record = record or (extension is not None and extension.record)
        if extension is not None and phones.forward(extension, "always"):
            result = DialResult(False, 480, "always", target=target)
        elif extension is not None and phones.follows(extension) and not phones.of(target).dnd:
            lines = (*headers, *way_lines(diversions, target, domain))
            result = await _follow(call, extension, want_record, lines)
        else:
            lines = (*headers, *way_lines(diversions, target, domain))
            result = await _ring(call, target, ring_s, role, want_record, lines, account)
        if result.answered or extension is None:
            return result
        reason, diversion = _FORWARD.get(result.cause, ("", ""))
        next_target = phones.forward(extension, reason) if reason else ""
        if not next_target:
            return result
        if next_target in visited or len(visited) >= MAX_HOPS:
            return DialResult(False, 482, "loop", leg=result.leg, target=target)
        call.emit(Kind.FORWARDED, from_extension=target, to=next_target, reason=reason)
        diversions = (diverted(target, domain, diversion), *diversions)
        if not dialplan.may_forward(extension, next_target):
            return DialResult(False, 403, "forbidden", leg=result.leg, target=next_target)
        name = dialplan.named_application(next_target)
        if name:
            call.application = name
            call.nothing_follows = False  # what it does after a bridge is its own affair
            call.variables["forward.from"], call.variables["forward.reason"] = target, reason
            call.emit(Kind.CALL_ROUTED, application=name)
            await call.services.applications.find(name)(call)
            return DialResult(True, 200, "normal", target=next_target)
        target, account = next_target, extension.number


async def _ring(
    call: Call, target: str, timeout_s: float, role: str, record: bool, headers: tuple[str, ...], account: str
) -> DialResult:
    leg = call.originate(target, timeout_s=timeout_s, role=role, headers=headers, account=account)
    call.dialling = leg
    try:
        while leg.pending:
            await leg.change()
    finally:
        call.dialling = None
    failure = leg.failure
    if failure is not None:
        _quiet(call, leg)
        return DialResult(False, failure.status, failure.cause, leg=leg.name, target=target)
    result = await call.bridge(leg, record=record)
    return DialResult(True, 200, result.cause, result.talk_s, result.ended_by, leg.name, target)


async def _follow(call: Call, extension: Extension, record: bool, headers: tuple[str, ...]) -> DialResult:
    """Rings the steps of the extension's follow-me plan, each at its time."""
    known = call.services.dialplan.extensions
    members = [
        Member(
            step.target,
            step.delay_s,
            step.ring_s,
            step.target not in known if step.confirm is None else step.confirm,
            extension.number,
        )
        for step in extension.follow_me
    ]
    whole_s = max(member.delay_s + member.ring_s for member in members) + 30.0
    try:
        leg = await Ringing(call, members, timeout_s=whole_s, headers=headers).first()
    except DialFailed as failure:
        return DialResult(False, failure.status, failure.cause, target=extension.number)
    result = await call.bridge(leg, record=record)
    return DialResult(True, 200, result.cause, result.talk_s, result.ended_by, leg.name, leg.target)


def _quiet(call: Call, leg: OutgoingLeg) -> None:
    """Stops the ringback tone that the caller may hear."""
    if call.a.media is not None and leg.ringing:
        call.a.media.stop_play()
