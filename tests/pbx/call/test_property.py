"""Whatever the two ends do, in whatever order: the call ends once, its journey is whole, and nothing of it is left."""

from __future__ import annotations

import contextlib
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.call.call import Call
from pbx.call.errors import DialFailed
from pbx.call.testing import CallHarness, FakeCaller, FakePhone
from pbx.events import Kind
from tests.support.virtual_loop import run_virtual

ACTIONS = (
    "caller hangs up",
    "callee hangs up",
    "caller holds",
    "caller resumes",
    "callee holds",
    "callee resumes",
    "bad offer",
    "digit",
    "info",
    "caller silent",
    "callee silent",
    "phone refuses",
    "phone answers",
    "terminate",
    "no ack",
)


async def everything(call: Call) -> None:
    """Speaks, plays music with a leg ringing beside it, bridges, speaks again, and dials on."""
    await call.ring()
    await call.say("hello")
    call.start_music()
    leg = call.originate("101", timeout_s=6, role="agent")
    with contextlib.suppress(DialFailed):
        await leg.answered()
        await call.bridge(leg, record=True)
    await call.collect(timeout_s=2)
    await call.dial("102", timeout_s=6)


def act(action: str, harness: CallHarness, caller: FakeCaller, phones: list[FakePhone]) -> None:
    """One thing that an end does, if it can at this moment."""
    sessions = [session for phone in phones for session in phone.sessions if session.observer is not None]
    confirmed = [session for session in sessions if session.state == "confirmed"]
    alive = caller.session.state != "terminated"
    if action == "caller hangs up":
        caller.hang_up()
    elif action == "callee hangs up" and confirmed:
        phones[0].hang_up(confirmed[-1])
    elif action in ("caller holds", "caller resumes") and caller.session.state == "confirmed":
        (caller.hold if action == "caller holds" else caller.resume)()
    elif action in ("callee holds", "callee resumes", "bad offer") and confirmed:
        offer = {"callee holds": b"fake inactive", "callee resumes": b"fake sendrecv", "bad offer": b"rubbish"}[action]
        confirmed[-1].observer.on_reinvite(confirmed[-1], offer)
    elif action == "digit" and caller.media.on_digit is not None:
        caller.press("5")
    elif action == "info" and alive:
        caller.session.observer.on_info(caller.session, "application/dtmf", b"7")
    elif action in ("caller silent", "callee silent"):
        streams = harness.media.sessions[:1] if action == "caller silent" else harness.media.sessions[1:]
        for stream in streams:
            if stream.on_timeout is not None:
                stream.on_timeout(30.0)
    elif action in ("phone refuses", "phone answers"):
        for phone in phones:
            phone.refuse = 486 if action == "phone refuses" else 0
            for session in phone.sessions:
                if session.observer is not None:
                    phone.final(session)
    elif action == "terminate":
        caller.call.terminate("normal")
    elif action == "no ack" and caller.session.state == "confirmed":
        caller.session.state = "terminated"
        caller.session.observer.on_ended(caller.session, "no ack")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from((0.0, 0.0, 0.3, 1.0, 4.0))), max_size=14),
    st.sampled_from((None, 0.0, 1.0)),
    st.booleans(),
)
def test_any_order_of_events(steps: list[tuple[str, float]], answer_after_s: float | None, rings: bool) -> None:
    async def run() -> None:
        harness = CallHarness(extensions=("101", "102"))
        phones = [harness.phone(n, answer_after_s=answer_after_s, rings=rings) for n in ("101", "102")]
        caller = harness.call(everything)
        for action, pause_s in steps:
            act(action, harness, caller, phones)
            await harness.sleep(pause_s)
        await harness.sleep(30)
        caller.hang_up()
        await caller.over()
        await harness.close()
        kinds = Counter(harness.kinds())
        assert kinds[Kind.CALL_STARTED] == kinds[Kind.CALL_ENDED] == 1
        assert kinds[Kind.BRIDGE_STARTED] == kinds[Kind.BRIDGE_ENDED]
        assert kinds[Kind.HOLD_STARTED] == kinds[Kind.HOLD_ENDED]
        assert kinds[Kind.RECORDING_STARTED] == kinds[Kind.RECORDING_ENDED]
        assert kinds[Kind.LEG_ENDED] == kinds[Kind.LEG_STARTED] + 1
        assert all(session.state == "terminated" for phone in phones for session in phone.sessions)
        assert caller.session.state == "terminated"
        assert harness.services.counters.application_errors == 0

    run_virtual(run())
