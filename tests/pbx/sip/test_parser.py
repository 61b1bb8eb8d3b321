"""Datagrams and streams to messages (RFC 3261 sections 7.5 and 18.3, RFC 5626 section 4.4.1)."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.parser import KEEPALIVE, MAX_MESSAGE, StreamError, StreamParser, parse


def options(number: int = 1, body: bytes = b"", length: bytes | None = None) -> bytes:
    return (
        b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK%d\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\n"
        b"Call-ID: %d\r\nCSeq: %d OPTIONS\r\nContent-Length: %b\r\n\r\n%b"
        % (number, number, number, length if length is not None else b"%d" % len(body), body)
    )


def feed(parser: StreamParser, data: bytes, step: int) -> list[object]:
    out: list[object] = []
    for at in range(0, len(data), step):
        out += parser.feed(data[at : at + step])
    return out


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\r\n" * 500])
def test_keep_alive_datagrams_are_nothing(data: bytes) -> None:
    assert parse(data) is None


def test_empty_lines_before_the_start_line_are_skipped() -> None:
    message = parse(b"\r\n\r\n" + options())
    assert isinstance(message, Request)


def test_response_is_told_from_request() -> None:
    data = options().replace(b"OPTIONS sip:a@b SIP/2.0", b"SIP/2.0 200 OK")
    assert isinstance(parse(data), Response)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x80\x00" * 80,
        b"SIP/2.0 200 OK\r\n\r\n",
        options().replace(b"OPTIONS sip:a@b SIP/2.0", b"SIP/2.0 099 OK"),
        options().replace(b"OPTIONS sip:a@b SIP/2.0", b"sip/2.0 200 OK"),
        options().replace(b"OPTIONS", b"ACK").replace(b"CSeq: 1", b"CSeq: x"),
        b"OPTIONS sip:a@b SIP/2.0\r\nFrom: <sip:c@d>;tag=1\r\n\r\n",
        b"A" * 70_000,
    ],
)
def test_faults_that_must_not_be_answered(data: bytes) -> None:
    with pytest.raises(SipParseError) as caught:
        parse(data)
    assert caught.value.request is None


def test_faults_that_are_answered() -> None:
    with pytest.raises(SipParseError) as caught:
        parse(options().replace(b"CSeq: 1", b"CSeq: x"))
    assert caught.value.status == 400
    assert caught.value.request is not None
    assert b"CSeq: x OPTIONS" in caught.value.request.echo()


@pytest.mark.parametrize("step", [1, 2, 3, 50, 10_000])
def test_stream_of_messages_and_pings(step: int) -> None:
    parser = StreamParser()
    data = options(1) + b"\r\n\r\n" + options(2, b"body\r\n\r\nbody") + b"\r\n" + options(3) + b"\r\n\r\n\r\n\r\n"
    out = feed(parser, data, step)
    assert [m.cseq if isinstance(m, Request) else m for m in out] == [1, KEEPALIVE, 2, 3, KEEPALIVE, KEEPALIVE]
    assert parser.pending == 0


def test_a_lone_line_end_is_not_a_slow_message() -> None:
    parser = StreamParser()
    assert parser.feed(b"\r\n") == []
    assert parser.pending == 0
    assert [type(m) for m in parser.feed(options())] == [Request]
    parser.feed(options()[:20])
    assert parser.pending == 20


def test_faulty_message_of_known_length_does_not_end_the_stream() -> None:
    out = StreamParser().feed(options(1).replace(b"CSeq: 1", b"CSeq: x") + options(2))
    assert isinstance(out[0], SipParseError)
    assert out[0].request is not None
    assert isinstance(out[1], Request)


@pytest.mark.parametrize(
    ("data", "status", "answered"),
    [
        (options(length=b"-1"), 400, True),
        (options(length=b"99999999999"), 413, True),
        (options(length=b"65500"), 413, True),
        (options().replace(b"Content-Length: 0\r\n", b""), 400, True),
        (options().replace(b"Content-Length: 0\r\n", b"l: 0\r\nContent-Length: 5\r\n"), 400, True),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, False),
        (b"\x16\x03\x01\x02\x00", 400, False),
        (b"\r\nx\x00", 400, False),
        (b"\n", 400, False),
        (b"OPTIONS" + b" " * MAX_MESSAGE, 513, False),
    ],
)
def test_lost_framing_closes(data: bytes, status: int, answered: bool) -> None:
    parser = StreamParser()
    with pytest.raises(StreamError) as caught:
        feed(parser, options(9) + data + options(10), 1 << 20)
    assert [m.cseq for m in caught.value.messages if isinstance(m, Request)] == [9]
    assert caught.value.error.status == status
    assert (caught.value.error.request is not None) == answered
    assert parser.pending == 0


def test_body_is_never_searched_for_messages() -> None:
    out = StreamParser().feed(options(1, options(2)))
    assert len(out) == 1


def test_slow_sender_costs_linear_time() -> None:
    data = options(1, b"x" * 30_000)
    parser = StreamParser()
    start = time.thread_time()
    assert len(feed(parser, data, 1)) == 1
    assert time.thread_time() - start < 1.0


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(0, 400), st.binary(max_size=4))
@settings(max_examples=200, deadline=None)
def test_stream_raises_nothing_else(chunks: list[bytes], at: int, change: bytes) -> None:
    data = options(1, b"body") + options(2)
    at %= len(data)
    for stream in ([data[:at] + change, data[at + len(change) :]], chunks, [data, *chunks]):
        parser = StreamParser()
        with contextlib.suppress(StreamError):
            for chunk in stream:
                parser.feed(chunk)
        assert parser.pending <= MAX_MESSAGE + 100
