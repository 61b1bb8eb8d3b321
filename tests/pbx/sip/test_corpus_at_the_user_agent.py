"""Every SIP message of the corpus at a whole user agent: nothing raises, answers go to the sender only, the next
OPTIONS is answered, and nothing is left once all deadlines have passed (security.md R1)."""

from __future__ import annotations

import pytest

from pbx.sip.address import Destination
from pbx.sip.message import Request, SipParseError
from pbx.sip.parser import parse
from tests.support.corpus import entries
from tests.support.sip_pair import SDP, Recorder, SipNetwork

MESSAGES = entries("sip", "rfc4475", "rfc5118", "sdp-in-invite")
SOURCE = Destination("udp", "127.0.0.66", 41000)
OPTIONS = (
    b"OPTIONS sip:127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:41000;rport;branch=z9hG4bKafter\r\n"
    b"Max-Forwards: 70\r\nFrom: <sip:a@a>;tag=f\r\nTo: <sip:b@b>\r\nCall-ID: after\r\nCSeq: 1 OPTIONS\r\n"
    b"Content-Length: 0\r\n\r\n"
)
UNHANDLED = frozenset({500, 502, 504})  # a 5xx but 501, 503, 505, 513

needs_corpus = pytest.mark.skipif(not MESSAGES, reason="the shared corpus is not here (CENTRALA_CORPUS)")


class Network(SipNetwork):
    """Notes where things are sent."""

    def __init__(self):
        super().__init__()
        self.destinations = []

    def carry(self, sender, destination, data):
        self.destinations.append(destination)


def deliver(bob, data):
    """As the driver does it."""
    try:
        message = parse(data)
    except SipParseError as error:
        if error.request is not None:
            bob.ua.refuse(error.request, SOURCE, error.status, error.reason)
    else:
        if message is not None:
            bob.ua.receive(message, SOURCE)
    bob.pump()


@needs_corpus
@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_every_message_is_survived(entry):
    net = Network()
    bob = net.add("127.0.0.2", Recorder(lambda session, request: session.accept(SDP)))
    deliver(bob, entry.data)
    assert bob.ua.errors == 0
    statuses = {int(data[8:11]) for data in bob.sent if data.startswith(b"SIP/2.0 ")}
    assert not statuses & UNHANDLED
    assert not [data for data in bob.sent if data.split(b"\r\n")[1].startswith(b";")]  # a Via that came broken
    assert {destination.host for destination in net.destinations} <= {SOURCE.host}
    bob.sent.clear()
    deliver(bob, OPTIONS)
    assert bob.sent[-1].startswith(b"SIP/2.0 200")
    net.run(70)
    for session in list(bob.ua.sessions.values()):
        session.end(480)
    net.run_until_idle()
    assert bob.is_clean()
    assert {destination.host for destination in net.destinations} <= {SOURCE.host}


@needs_corpus
def test_all_of_them_in_one_go():
    net = Network()
    bob = net.add("127.0.0.2", Recorder(lambda session, request: session.progress(180)))
    for entry in MESSAGES:
        deliver(bob, entry.data)
        deliver(bob, entry.data)
    assert bob.ua.errors == 0
    for session in list(bob.ua.sessions.values()):
        session.end(480)
    net.run_until_idle()
    assert bob.is_clean()


@needs_corpus
def test_requests_are_answered_to_the_source_port_unless_the_via_is_honest():
    requests = [m for entry in MESSAGES if isinstance(m := _read(entry.data), Request)]
    net = Network()
    bob = net.add("127.0.0.2", Recorder(lambda session, request: session.reject(404)))
    for request in requests:
        deliver(bob, request.data)
    assert {destination.port for destination in net.destinations} == {SOURCE.port}


def _read(data):
    try:
        return parse(data)
    except SipParseError:
        return None
