"""Mutated messages through every layer that reads untrusted bytes: nothing but the two refusals is ever raised.

CENTRALA_FUZZ sets the number of mutations (for a long run under AddressSanitizer); the seed is fixed, so that a fault
can be found again.
"""

from __future__ import annotations

import contextlib
import os
import random

from pbx.clock import VirtualClock
from pbx.sdp.description import SdpError
from pbx.sdp.offer_answer import answer, make_offer, read_answer
from pbx.sip.digest import Credentials, DigestVerifier
from pbx.sip.message import Request, Response, SipParseError, response
from pbx.sip.parser import StreamError, StreamParser, parse
from pbx.sip.sanity import check
from tests.support.corpus import entries

MUTATIONS = int(os.environ.get("CENTRALA_FUZZ", "6000"))

SDP = make_offer("192.0.2.1", 4000, session_id=1, version=1)
SEEDS = [
    b"INVITE sip:600@pbx.example;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
    b'Via: SIP/2.0/TCP [2001:db8::1]:5060;received=192.0.2.7\r\nFrom: "A \\"B\\"" <sip:a@pbx.example>;tag=f\r\n'
    b"To: <sip:600@pbx.example>\r\nCall-ID: c@d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nm: <sip:a@192.0.2.1:5060>\r\n"
    b"Content-Type: application/sdp\r\nRequire: path\r\nContent-Length: %d\r\n\r\n%b" % (len(SDP), SDP),
    b"REGISTER sip:pbx.example SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK2\r\nf: sip:a@b;tag=1\r\nt: sip:a@b\r\n"
    b"i: 1\r\n"
    b'CSeq: 2 REGISTER\r\nContact: "x, y" <sip:a@b>;q=0.5;expires=60, <sip:c@d>\r\nExpires: 3600\r\n'
    b'Authorization: Digest username="100",realm="r",nonce="00",uri="sip:pbx.example",response="00",qop=auth,'
    b'nc=00000001,cnonce="x",algorithm=MD5\r\nl: 0\r\n\r\n',
    b"SIP/2.0 407 Proxy Authentication Required\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK3\r\nFrom: <sip:a@b>;tag=1\r\n"
    b'To: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nProxy-Authenticate: Digest realm="r",nonce="n"\r\n'
    b"Content-Length: 0\r\n\r\n",
    b"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK4\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
    b"Call-ID: 1\r\nCSeq: 9 INFO\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n--x\r\nContent-Type: "
    b"application/sdp\r\n\r\nv=0\r\n--x--\r\n",
]
TOKENS = [
    *(
        b"\r\n",
        b"\r\n ",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b'"',
        b"<",
        b">",
        b";",
        b",",
        b"=",
        b":",
        b"@",
        b"%",
        b"\\",
        b" ",
    ),
    *(
        b"\t",
        b"[",
        b"]",
        b"sip:",
        b";tag=",
        b";branch=",
        b"9" * 30,
        b"-1",
        b"A" * 300,
        b"\r\n\r\n",
        b"m=audio",
        b"c=IN IP4 ",
    ),
    *(b"Content-Length: 5\r\n", b"SIP/2.0", b"%00", b"%zz", b";rport", b"?", b"*"),
]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to four small changes: insert, overwrite, delete, repeat or cut."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.randint(0, 12))
        kind = chance.random()
        if kind < 0.4:
            data = data[:at] + chance.choice(TOKENS) + data[at:]
        elif kind < 0.6:
            data = data[:at] + chance.choice(TOKENS) + data[end:]
        elif kind < 0.75:
            data = data[:at] + data[end:]
        elif kind < 0.85:
            data = data[:end] + data[at:]
        elif kind < 0.95:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        else:
            data = data[:at]
    return data


def read_everything(message: Request | Response, verifier: DigestVerifier) -> None:
    """What the layers above do with a message."""
    message.set_source("192.0.2.1", 5060)
    _ = (message.call_id, message.cseq, message.cseq_method, message.from_tag, message.to_tag, message.branch)
    _ = (message.via.rport, message.from_.uri, message.to.uri, message.expires, message.content_type, message.body)
    for name in message.header_names():
        message.values(name)
    if isinstance(message, Response):
        return
    refusal = check(message)
    if refusal is None:
        _ = message.contacts if message.method in ("INVITE", "REGISTER") else None
    for value in message.headers("Authorization"):
        verifier.verify(message.method, message.uri, value, "192.0.2.1", lambda _: Credentials("0" * 32, "0" * 64))
    again = parse(response(message, 200, to_tag="t", headers=["X: y"], body=message.body))
    assert isinstance(again, Response)
    assert (again.call_id, again.cseq, again.from_tag) == (message.call_id, message.cseq, message.from_tag)


def test_mutations() -> None:
    chance = random.Random(20_261_121)
    seeds = SEEDS + [
        entry.data
        for entry in entries("sip", "rfc4475", "rfc5118", "sdp-in-invite")
        if entry.path.stat().st_size < 4000
    ]
    verifier = DigestVerifier("r", b"0123456789abcdef", VirtualClock())
    sound = 0
    for _ in range(MUTATIONS):
        data = mutate(chance.choice(seeds), chance)
        message = None
        with contextlib.suppress(SipParseError):
            message = parse(data)
        if message is not None:
            read_everything(message, verifier)
            sound += 1
        with contextlib.suppress(StreamError):
            StreamParser().feed(data)
        body = data.partition(b"\r\n\r\n")[2] or data
        with contextlib.suppress(SdpError):
            answer(body, "192.0.2.9", 4000, session_id=1, version=1)
        with contextlib.suppress(SdpError):
            read_answer(body)
    assert sound > MUTATIONS // 20  # mutations that are all refused at the door would test little


def test_mutations_of_a_good_offer_reach_the_answer() -> None:
    chance = random.Random(8)
    answered = 0
    for _ in range(MUTATIONS):
        with contextlib.suppress(SdpError):
            answer(mutate(SDP, chance), "192.0.2.9", 4000, session_id=1, version=1)
            answered += 1
    assert answered > MUTATIONS // 20
