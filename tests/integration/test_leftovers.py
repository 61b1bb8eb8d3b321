"""Calls that lead nowhere or are never finished, at the running PBX: loops (R13), calls that nobody acknowledges
(R14), phones that vanish (R15)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from pbx.config import Media
from pbx.sip import digest
from pbx.sip.message import Response
from tests.integration.bare import DOMAIN, PATIENCE_S, sdp, unique
from tests.integration.conftest import House
from tests.support.rtp_phone import Phone

T1_S = 0.05
UNFINISHED = 300
RTP_TIMEOUT_S = 2.0  # in these tests; a promise of 30 by default
RELEASED_S = 35.0  # of a phone that vanishes: the default and what comes after it
LEFT_BYTES = 4096  # of each unfinished call
FINAL_S, FINAL_CPU_S = 3.0, 1.5  # of a loop
OVER_S = 5.0  # after 64*T1


def cpu_s(house: House) -> float:
    return float(house.process.control.get("/status")["cpu_s"])


def test_a_contact_that_points_at_us_is_refused(house: House) -> None:
    with house.phone("101") as anna:
        for contact in (
            f"<sip:101@{anna.pbx[0]}>",
            f"<sip:101@{anna.pbx[0]}:5060;transport=tcp>",
            "<sip:101@centrala.local>",
        ):
            headers = ["Expires: 600", f"m: {contact}"]
            uri = f"sip:{anna.pbx[0]}"
            data = anna.message("REGISTER", uri, to=anna.me, headers=headers)
            assert anna.final(data).status == 401
            answer = anna.authorised("REGISTER", uri, to=anna.me, headers=headers)[0]
            assert answer.status in (400, 403), contact
        kept = [row["contact"] for row in house.process.control.get("/registrations")]
        ours = re.compile(rf"@({re.escape(house.host(1))}|{re.escape(DOMAIN)})(?![\w.])")  # not the phone at .15
        assert not [contact for contact in kept if ours.search(contact)]


def quickest(attempt: Callable[[], float]) -> float:
    """Seconds of the best of a few attempts: a busy machine may spoil one."""
    best = attempt()
    for _ in range(2):
        if best > FINAL_S:
            best = min(best, attempt())
    return best


def test_a_ring_of_forwards_gets_a_final_answer(house: House) -> None:
    with house.phone("101") as anna:

        def attempt() -> float:
            began, cpu = time.monotonic(), cpu_s(house)
            talk = anna.call("105")
            assert talk.status in (480, 482)
            assert cpu_s(house) - cpu <= FINAL_CPU_S
            return time.monotonic() - began

        assert quickest(attempt) <= FINAL_S


def test_a_phone_that_sends_calls_back_gets_a_final_answer(house: House) -> None:
    """302 is not followed for a phone: whoever registers may not send others' calls elsewhere."""
    with house.phone("101") as anna, house.phone("102") as bob:
        assert bob.register().status == 200
        uri, body = f"sip:102@{anna.pbx[0]}", sdp(anna.host, 30000)

        def attempt() -> float:
            call_id = unique("back")
            answer = anna.final(anna.message("INVITE", uri, call_id=call_id, body=body))
            assert answer.status == 401
            value = digest.answer(answer.headers("WWW-Authenticate"), "INVITE", uri, "101", anna.secret)
            headers = [f"Authorization: {value}"]
            began = time.monotonic()
            anna.send(anna.message("INVITE", uri, call_id=call_id, cseq=2, headers=headers, body=body))
            bob.reply(bob.expect("INVITE"), 302)
            final = anna.receive(PATIENCE_S)
            while isinstance(final, Response) and final.status < 200:
                final = anna.receive(PATIENCE_S)
            assert isinstance(final, Response)
            assert final.status >= 300
            return time.monotonic() - began

        assert quickest(attempt) <= FINAL_S
        assert bob.register(expires=0).status == 200


def test_calls_that_nobody_acknowledges_go_away(house: House) -> None:
    """300 of them; each leaves at most 4 KiB."""

    def unfinished() -> None:
        with house.phone(host=250) as peer:
            for n in range(UNFINISHED):
                peer.send(peer.message("INVITE", f"sip:{n}@{peer.pbx[0]}", body=sdp(peer.host, 30000)))
            assert peer.options().status == 200
            house.until(lambda: house.leaks()["calls"] == UNFINISHED, "300 calls", 5)
            deadline = time.monotonic() + 64 * T1_S + OVER_S  # the last of them was answered before now
            for _ in range(UNFINISHED):
                peer.reply(peer.expect("BYE", deadline - time.monotonic()), 200)
            house.until(lambda: house.leaks()["calls"] == 0, "calls over", deadline - time.monotonic())
            assert time.monotonic() <= deadline
            house.until(lambda: house.leaks()["sessions"] == 0, "dialogs over", 5)

    unfinished()
    before = house.rss()
    unfinished()
    assert house.rss() - before <= UNFINISHED * LEFT_BYTES + (1 << 20)  # the allocator's own steps


def test_a_phone_that_vanishes_releases_the_call(house: House) -> None:
    """RTP stops, and so does everything else: the stream, its ports and the record are released in time."""
    with house.phone("101") as anna:
        rtp = Phone(anna.host)
        talk = anna.call("601", rtp.port)
        assert talk.status == 200
        rtp.far = (house.host(1), talk.rtp_port)
        rtp.say(pt=8, count=10)
        assert rtp.hear(5)
        rtp.close()
        began = time.monotonic()
        bye = anna.expect("BYE", RTP_TIMEOUT_S + 5)
        assert RTP_TIMEOUT_S - 0.5 < time.monotonic() - began <= RTP_TIMEOUT_S + RELEASED_S - Media().rtp_timeout_s
        anna.reply(bye, 200)
    house.until(lambda: house.leaks()["streams"] == 0, "streams released", 5)
