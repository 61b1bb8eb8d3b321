"""What a phone varies in its description: found as a reading in plain Python finds it, whatever the bytes are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.sdpport import split_port

PHONE = (
    b"v=0\r\no=phone 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"
    b"a=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
)
FRESH = (b"\na=crypto", b"\na=fingerprint", b"\na=ice-", b"\na=candidate")
PIECES = [
    *FRESH,
    b"\no=",
    b"\nm=audio ",
    b"\nm=",
    b"\n",
    b"\r\n",
    b" ",
    b"0",
    b"4000",
    b"65536",
    b"a",
    b"\x00",
    b"\xff",
]


def reference(description: bytes) -> tuple[bytes, int] | None:
    origin = description.find(b"\no=")
    end = description.find(b"\n", origin + 1)
    at = description.find(b"\nm=audio ", end)
    if origin < 0 or end < 0 or at < 0 or len(description) > 4096:
        return None
    at += 9
    stop = description.find(b" ", at)
    text = description[at:stop] if stop >= 0 else b""
    if not text.isdigit() or len(text) > 5 or description.find(b"\nm=", end) != at - 9:
        return None
    port = int(text)
    if not 0 < port <= 65535 or description.find(b"\nm=", stop) >= 0:
        return None
    if any(description.find(new) >= 0 for new in FRESH):
        return None
    return description[:origin] + description[end:at] + b"1" + description[stop:], port


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(PHONE)), st.integers(0, 20), st.sampled_from(PIECES)), max_size=5))
def test_mutants_are_split_as_the_reference_splits_them(cuts: list[tuple[int, int, bytes]]) -> None:
    data = PHONE
    for at, length, part in cuts:
        data = data[:at] + part + data[at + length :]
    assert split_port(data) == reference(data)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_so_is_any_heap_of_pieces(parts: list[bytes]) -> None:
    assert split_port(b"".join(parts)) == reference(b"".join(parts))
