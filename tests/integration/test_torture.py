"""R1 of security.md against the running PBX: every message of the corpus is survived, with the right verdict."""

from __future__ import annotations

import os
import re
import socket

import pytest

from pbx.sip.message import Request, Response
from tests.integration.bare import Bare, Broken
from tests.integration.conftest import House
from tests.support.corpus import Entry, entries

MESSAGES = entries("sip", "rfc4475", "rfc5118", "sdp-in-invite")
BINARIES = entries("stun", "dtls", "rtp", "rtcp", "ws", "tcpstream")
STREAMS = entries("tcpstream", "ws")
ALLOWED_5XX = frozenset({501, 503, 505, 513})
CHALLENGES = frozenset({401, 403, 407})
GROWTH = 2 << 20  # bytes for the whole corpus, and for 1,000 repeats
ALIVE_S = 2.0  # an OPTIONS is answered within
WARM_UP = 2

pytestmark = pytest.mark.skipif(not MESSAGES, reason="the shared corpus is not here (CENTRALA_CORPUS)")

# It has a To tag, and no dialog is known by it: RFC 3261 12.2.2 leaves it to us to say so.
INSIDE_A_DIALOG = {"wsinv.dat"}
# A trunk peer needs no challenge, and its application answers every number: what the corpus calls for beyond that.
AS_TRUNK = {
    "own-auth-fromuser_equals_trunk.dat": "the source is a trusted peer here: who From names does not matter",
}
STUN_REQUEST = b"\0\1"  # a Binding request (RFC 8489 section 5)


def answers(sender: Bare, data: bytes) -> list[Response | Broken]:
    """What comes back for one datagram: all that arrives before the answer to the OPTIONS that follows
    it, and after a 100 what it promises."""
    sender.send(data)
    assert sender.options(ALIVE_S).status == 200
    got = [message for message in sender.waiting if isinstance(message, Response | Broken)]
    sender.waiting.clear()
    while got and got[-1].status == 100 and (more := sender.receive(2.0)) is not None:
        assert not isinstance(more, Request)
        got.append(more)
    return got


def verdict(entry: Entry, got: list[Response | Broken], *, challenged: bool) -> str:
    """ "" when the answers are right, otherwise what is wrong with them."""
    statuses = {answer.status for answer in got if answer.status >= 180}
    bad = {status for status in statuses if status >= 500} - ALLOWED_5XX
    if bad:
        return f"{entry.name}: {sorted(bad)} is an unhandled error"
    if not statuses:
        quiet = entry.silent_ok or entry.expect in ("absorb", "drop", "drop-no-effect")
        return "" if quiet else f"{entry.name}: no answer: {entry.must}"
    fine = entry.ok_status | (CHALLENGES if challenged else frozenset())
    if entry.name in INSIDE_A_DIALOG:
        fine |= {481}
    if entry.fixup_acceptable:
        fine |= {180, 200, 404, 481, 488}
    wrong = statuses - fine
    return f"{entry.name}: {sorted(wrong)} instead of {sorted(entry.ok_status)}: {entry.must}" if wrong else ""


def check_all(house: House, *, host: int, challenged: bool, skip: frozenset[str] = frozenset()) -> None:
    """Sends every message from a port of its own; fails with a list of the wrong answers."""
    settled(house)  # a message that comes again is a retransmission until its transaction is over
    wrong = []
    for entry in MESSAGES:
        if entry.name not in skip:
            with house.phone(host=host) as sender:
                wrong.append(verdict(entry, answers(sender, entry.data), challenged=challenged))
    assert not (found := [text for text in wrong if text]), "\n".join(found)


def settled(house: House) -> None:
    house.until(lambda: house.leaks()["transactions"] == 0, "transactions over")


def elsewhere(house: House) -> list[str]:
    """Where the PBX's signalling has sent to, looked up or connected to, outside of this test."""
    lines = house.sent.read_text().splitlines()
    return [line for line in lines if not line.split()[1].startswith((f"{house.net}.", "/"))]


def test_messages_of_a_stranger(house: House) -> None:
    os.truncate(house.sent, 0)
    check_all(house, host=60, challenged=True)
    settled(house)
    assert elsewhere(house) == []
    assert house.leaks()["connections"] == 0


def test_messages_of_a_trusted_trunk(house: House) -> None:
    """Past the challenge: INVITEs become calls, their SDP is negotiated, and the calls end since nobody acknowledges.
    A peer that is trusted may name another address in its Contact, and nowhere else.
    """
    os.truncate(house.sent, 0)
    check_all(house, host=250, challenged=False, skip=frozenset(AS_TRUNK))
    house.idle()
    contacts = b"".join(re.findall(rb"(?im)^(?:Contact|m)[ \t]*:.*$", b"\n".join(entry.data for entry in MESSAGES)))
    for line in elsewhere(house):
        assert line.split()[1].encode() in contacts, line


def test_binary_packets_at_the_sip_port(house: House) -> None:
    """Nothing is said to what is no SIP, but that a STUN request is heard: phones keep their NAT open by it."""
    with house.phone(host=62) as sender:
        for entry in BINARIES:
            got = answers(sender, entry.data[:65000])
            if entry.data[:2] == STUN_REQUEST:
                assert all(answer.data[4:20] == entry.data[4:20] for answer in got), entry.name
            else:
                assert got == [] or b"SIP/2.0" in entry.data, entry.name


@pytest.mark.parametrize("port", [5060, 8080])
def test_streams(house: House, port: int) -> None:
    """Whatever comes over TCP: the connection may be closed or left waiting, others are served."""
    for entry in (*STREAMS, *(entry for entry in MESSAGES if port == 5060)):
        with socket.create_connection((house.host(1), port), 5, (house.host(63), 0)) as plug:
            plug.settimeout(0.02)
            try:
                plug.sendall(entry.data)
                got = plug.recv(65535)
            except (TimeoutError, ConnectionError):
                got = b""
            assert not got.startswith((b"SIP/2.0 500", b"HTTP/1.1 500")), entry.name
    assert house.process.get("/healthz")[0] == 200
    house.until(lambda: house.leaks()["connections"] == 0, "connections closed")


def test_the_corpus_leaves_nothing_in_memory(house: House) -> None:
    """All of it over UDP, an OPTIONS answered after each message; what it makes us learn once is learned before."""
    with house.phone(host=64) as sender:

        def all_of_it() -> int:
            for entry in (*MESSAGES, *BINARIES):
                sender.send(entry.data[:65000])
                assert sender.options(ALIVE_S).status == 200, entry.name
                sender.waiting.clear()
            settled(house)
            return house.rss()

        for _ in range(WARM_UP):
            before = all_of_it()
        growth = all_of_it() - before
    assert growth < GROWTH, f"{growth / 2**20:.1f} MiB for the corpus"


def test_memory_does_not_grow_with_repeats(house: House) -> None:
    with house.phone(host=64) as sender:

        def repeat(times: int) -> None:
            for _ in range(times):
                for entry in MESSAGES[::3]:
                    sender.send(entry.data)
                    if not entry.silent_ok:
                        sender.drain()
            assert sender.options().status == 200

        count = len(MESSAGES[::3])
        repeat(2000 // count)
        settled(house)
        before = house.rss()
        repeat(3000 // count)
        settled(house)
        growth = house.rss() - before
    assert growth < 3 * GROWTH, f"{growth / 2**20:.1f} MiB for 3,000 messages"
