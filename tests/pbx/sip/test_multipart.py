"""Finding a part of a multipart body; depth and number are limited."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sip.multipart import MAX_PARTS, MultipartError, find_part
from tests.support.timing import fastest

SDP = "application/sdp"


def wrap(boundary: str, *parts: bytes) -> bytes:
    mark = boundary.encode()
    return b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + mark + b"--\r\n"


def part(kind: str, content: bytes) -> bytes:
    return b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content


def test_first_part_of_the_type_is_found() -> None:
    body = wrap(
        "b", b"\r\nplain", part("text/x", b"\x00\r\n--bb"), part("Application/SDP;a=b", b"v=0\r\n"), part(SDP, b"no")
    )
    assert find_part("multipart/mixed; boundary=b", body, SDP) == b"v=0\r\n"
    assert find_part('multipart/mixed;boundary="b"', body, "text/plain") == b"plain"
    assert find_part("multipart/mixed;boundary=b", body, "image/x") is None


def test_preamble_and_epilogue_do_not_count() -> None:
    body = b"v=0 preamble\r\n" + wrap("b", part(SDP, b"v=0")) + b"epilogue\r\n--b\r\n" + part(SDP, b"late")
    assert find_part("multipart/mixed;boundary=b", body, SDP) == b"v=0"


def test_nested_parts() -> None:
    inner = wrap("i", part(SDP, b"v=0"))
    body = wrap("o", part("multipart/alternative;boundary=i", inner))
    assert find_part("multipart/mixed;boundary=o", body, SDP) == b"v=0"
    for level in range(10):
        body = wrap(f"n{level}", part(f"multipart/mixed;boundary={'o' if level == 0 else f'n{level - 1}'}", body))
    with pytest.raises(MultipartError):
        find_part("multipart/mixed;boundary=n9", body, SDP)


def test_limits() -> None:
    with pytest.raises(MultipartError):
        find_part("multipart/mixed;boundary=b", wrap("b", *[part("text/x", b"")] * (MAX_PARTS + 1)), SDP)
    with pytest.raises(MultipartError):
        find_part("multipart/mixed", b"", SDP)
    with pytest.raises(MultipartError):
        find_part("multipart/mixed;boundary=" + "b" * 71, b"", SDP)


@pytest.mark.parametrize(
    "body",
    [b"\r\n--b" * 10_000, b"--b\r\n" * 10_000, b"Content-Type:" * 4_000, b"--b\r\nContent-Type:" + b"\r\n " * 20_000],
)
def test_no_input_is_slow(body: bytes) -> None:
    assert fastest(lambda: find_part("multipart/mixed;boundary=b", body, SDP), MultipartError) < 0.05


@given(st.text(max_size=40), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_nothing_else_is_raised(kind: str, body: bytes) -> None:
    for content_type in (kind, "multipart/mixed;boundary=" + kind, "multipart/mixed;boundary=b"):
        with contextlib.suppress(MultipartError):
            find_part(content_type, b"--b\r\n" + body, SDP)
