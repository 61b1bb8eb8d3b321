"""What is remembered of descriptions: a remembered one is understood exactly as if it were read for the first time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sdpport import split_port
from pbx.sdp import offer_answer
from pbx.sdp.description import SdpError
from pbx.sdp.offer_answer import answer, read_answer

PHONE = (
    b"v=0\r\no=phone 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"
    b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
LINES = ("m=audio 0 RTP/AVP 8", "m=video 5 RTP/AVP 96", "a=inactive", "c=IN IP4 0.0.0.0", "o=", "a=rtcp-mux", "a=mid:0")
PARTS = [f"{line}\r\n".encode() for line in LINES]
PARTS += [b"\r\n", b" ", b"4000", b"0", b"/2", b"RTP/SAVP", b"IP6", b"\no=", b"x", b"65536", b"\xff"]


def outcome(call, data):
    try:
        return call(data)
    except SdpError as error:
        return error.status, error.reason, error.warning


def both_ways(call, data, monkeypatch):
    first, again = outcome(call, data), outcome(call, data)
    with monkeypatch.context() as patch:
        patch.setattr(offer_answer, "split_port", lambda _: None)
        slow = outcome(call, data)
    return first, again, slow


def answered(data):
    return answer(data, "198.51.100.1", 6000, session_id=3, version=1, comfort_noise=True)


@given(
    cuts=st.lists(st.tuples(st.integers(0, len(PHONE)), st.integers(0, 12), st.sampled_from(PARTS)), max_size=4),
    port=st.integers(-1, 70000),
)
def test_remembered_is_read(cuts, port):
    data = PHONE.replace(b"4000", b"%d" % port, 1)
    for at, length, part in cuts:
        data = data[:at] + part + data[at + length :]
    with pytest.MonkeyPatch.context() as patch:
        for call in (answered, read_answer, lambda body: read_answer(body, ipv6=True)):
            first, again, slow = both_ways(call, data, patch)
            assert first == slow
            assert again == slow


def test_calls_of_one_phone_differ_in_origin_and_port_alone():
    other = PHONE.replace(b"phone 1 1", b"phone 77 12").replace(b"4000", b"51234")
    assert split_port(PHONE)[0] == split_port(other)[0]
    assert split_port(other)[1] == 51234
    assert answered(other)[1].remote_port == 51234
    assert read_answer(other).remote_rtcp_port == 51235


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PHONE + b"m=video 0 RTP/AVP 96\r\n",
        PHONE + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n",
        PHONE + b"a=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n",
        PHONE.replace(b"4000", b"0"),
        PHONE.replace(b"4000", b"4000/2"),
        PHONE.replace(b"4000", b"99999"),
        PHONE.replace(b"m=audio", b"m=image"),
        PHONE + b"a=x:" + b"y" * 5000 + b"\r\n",
    ],
)
def test_what_is_not_plain_is_not_remembered(data):
    assert split_port(data) is None


def test_memory_is_bounded():
    for number in range(2 * offer_answer.MAX_UNDERSTOOD):
        answered(PHONE + b"a=x:%d\r\n" % number)
    assert offer_answer._understood.cache_info().currsize == offer_answer.MAX_UNDERSTOOD
