"""Session descriptions: what is kept, what is refused, and that nothing but SdpError is raised."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sdp.description import MediaDescription, SdpError, SessionDescription, is_ipv4
from tests.support.timing import fastest

BASE = (
    b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=tool:x\r\na=sendonly\r\n"
    b"m=audio 4000/2 RTP/AVP 8 0 101\r\nc=IN IP4 192.0.2.2/127\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=inactive\r\n"
    b"m=video 0 RTP/AVP 31\r\n"
)


def test_fields() -> None:
    session = SessionDescription.parse(BASE)
    assert (session.origin, session.name, session.connection) == ("- 1 2 IN IP4 192.0.2.1", "call", "192.0.2.1")
    assert (session.attributes, session.direction) == (["tool:x"], "sendonly")
    audio, video = session.media
    assert (audio.kind, audio.port, audio.port_count, audio.proto) == ("audio", 4000, 2, "RTP/AVP")
    assert (audio.formats, audio.attributes) == (["8", "0", "101"], ["rtpmap:8 PCMA/8000", "ptime:20"])
    assert (session.address_of(audio), session.address_of(video)) == ("192.0.2.2", "192.0.2.1")
    assert (session.direction_of(audio), session.direction_of(video)) == ("inactive", "sendonly")
    assert (audio.attribute("ptime"), audio.attribute("none")) == ("20", None)


def test_round_trip() -> None:
    session = SessionDescription.parse(BASE)
    again = SessionDescription.parse(session.to_bytes())
    assert again.to_bytes() == session.to_bytes()
    assert [str(media) for media in again.media] == [str(media) for media in session.media]
    empty = SessionDescription()
    empty.media.append(MediaDescription("audio", 4000, "RTP/AVP", ["0"]))
    assert SessionDescription.parse(empty.to_bytes()).media[0].port == 4000


@pytest.mark.parametrize(
    "data",
    [
        b"v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n",
        b"v=0\r\nm=audio 4000 RTP/AVP 0",
        b"v=0\r\no=\xff\xfe\r\ns=\xe9\r\nb=AS:-1\r\nk=prompt\r\nz=1\r\nm=audio 4000 RTP/AVP 0 \r\n\r\n",
        b"v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 0\r\n",
        b"v=0\r\nc=IN IP4 host.example\r\n",
        b"v=0",
    ],
)
def test_sloppy_but_usable(data: bytes) -> None:
    SessionDescription.parse(data)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"o=x\r\nv=0\r\n", 400),
        (b"v=1\r\n", 400),
        (b"v= 0\r\n", 400),
        (b"v=0\r\nx\r\n", 400),
        (b"v=0\r\n=x\r\n", 400),
        (b"v=0\r\nm=audio\r\n", 400),
        (b"v=0\r\nm=audio 4000 RTP/AVP\r\n", 400),
        (b"v=0\r\nm=audio  4000 RTP/AVP 0\r\n", 400),
        (b"v=0\r\nm=audio -1 RTP/AVP 0\r\n", 400),
        (b"v=0\r\nm=audio 65536 RTP/AVP 0\r\n", 400),
        (b"v=0\r\nm=audio 4000/x RTP/AVP 0\r\n", 400),
        (b"v=0\r\nm=audio \xd9\xa3 RTP/AVP 0\r\n", 400),
        (b"v=0\r\nc=IN IP4 999.1.1.1\r\n", 400),
        (b"v=0\r\nc=IN IP4 1.2.3\r\n", 400),
        (b"v=0\r\nc=IN IP4 2001:db8::1\r\n", 400),
        (b"v=0\r\nc=IN IP6 192.0.2.1\r\n", 400),
        (b"v=0\r\nc=IN IP6 fe80::1%eth0\r\n", 400),
        (b"v=0\r\nc=IN\r\n", 400),
        (b"v=0\r\nc=\r\n", 400),
        (b"v=0\r\n" + b"m=audio 4000 RTP/AVP 0\r\n" * 17, 413),
        (b"v=0\r\n" + b"a=x\r\n" * 257, 413),
        (b"v=0\r\nm=audio 4000 RTP/AVP 0\r\n" + b"a=x\r\n" * 257, 413),
        (b"v=0\r\nm=audio 4000 RTP/AVP" + b" 0" * 257 + b"\r\n", 413),
        (b"v=0\r\ns=" + b"x" * 65_536, 413),
    ],
)
def test_refused(data: bytes, status: int) -> None:
    with pytest.raises(SdpError) as caught:
        SessionDescription.parse(data)
    assert caught.value.status == status
    assert caught.value.headers("host") == ()


def test_ipv4() -> None:
    for text in ("0.0.0.0", "255.255.255.255", "10.1.2.3"):
        assert is_ipv4(text)
    for text in ("", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4\n", "a.b.c.d", "٣.1.1.1"):
        assert not is_ipv4(text)


@given(st.binary(max_size=120), st.integers(0, len(BASE)), st.binary(max_size=3))
@settings(max_examples=400, deadline=None)
def test_nothing_else_is_raised(data: bytes, at: int, change: bytes) -> None:
    for text in (data, b"v=0\r\n" + data, BASE + data, BASE[:at] + change + BASE[at + len(change) :]):
        with contextlib.suppress(SdpError):
            SessionDescription.parse(SessionDescription.parse(text).to_bytes())


@pytest.mark.parametrize(
    "line", [b"a=x\r\n", b"m=audio 1 RTP/AVP 0\r\n", b"\n", b"c=IN IP4 1.2.3.4\r\n", b"a", b"c=IN IP4 a-", b"o=1.1\r\n"]
)
def test_work_is_linear(line: bytes) -> None:
    data = b"v=0\r\n" + line * (65_000 // len(line))
    assert fastest(lambda: SessionDescription.parse(data), SdpError) < 0.05
