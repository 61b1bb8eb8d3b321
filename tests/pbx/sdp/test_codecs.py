"""Codecs in offer and answer: order, dynamic numbers of both sides, clocks, comfort noise, IPv6."""

from __future__ import annotations

import pytest

from pbx.sdp.codecs import CODECS
from pbx.sdp.offer_answer import MediaSettings, NotAcceptable, answer, make_offer, read_answer
from pbx.sdp.reachable import ipv6_connection

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
ALL = ("opus", "G722", "PCMA", "PCMU", "L16")
BROWSER = (
    "m=audio 4000 RTP/AVP 111 9 0 8 13 110 126", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:13 CN/8000",
    "a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000",
)  # fmt: skip


def reply(*lines: str, **options: object) -> tuple[list[str], MediaSettings]:
    offer = HEAD + "".join(f"{line}\r\n" for line in lines)
    data, said = answer(offer.encode(), "198.51.100.1", 7000, session_id=5, version=1, **options)  # type: ignore[arg-type]
    return data.decode().split("\r\n"), said


def test_opus_with_the_event_of_its_clock() -> None:
    lines, said = reply(*BROWSER, codecs=ALL)
    assert (said.codec_name, said.clock, said.payload_type, said.event_payload_type) == ("opus", 48000, 111, 110)
    assert said.parameters == "minptime=10;useinbandfec=1"
    assert "m=audio 7000 RTP/AVP 111 110" in lines
    assert "a=rtpmap:111 opus/48000/2" in lines
    assert any(line.startswith("a=fmtp:111 ") and "useinbandfec=1" in line for line in lines)
    assert "a=rtpmap:110 telephone-event/48000" in lines


@pytest.mark.parametrize(("codec", "number", "event"), [("G722", 9, 126), ("PCMA", 8, 126), ("PCMU", 0, 126)])
def test_the_others_count_8000(codec: str, number: int, event: int) -> None:
    _, said = reply(*BROWSER, codecs=(codec,))
    assert (said.clock, said.payload_type, said.event_payload_type) == (8000, number, event)


def test_no_event_of_another_clock_is_taken() -> None:
    assert reply("m=audio 4000 RTP/AVP 96 101", "a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/8000",
                 codecs=ALL)[1].event_payload_type == -1  # fmt: skip


def test_opus_is_stereo_by_name_only() -> None:
    for encoding in ("opus/48000", "opus/48000/1", "opus/16000/2"):
        with pytest.raises(NotAcceptable):
            reply("m=audio 4000 RTP/AVP 96", f"a=rtpmap:96 {encoding}", codecs=ALL)


def test_linear_sound() -> None:
    lines, said = reply("m=audio 4000 RTP/AVP 98", "a=rtpmap:98 L16/16000", codecs=ALL)
    assert (said.codec_name, said.clock, said.codec) == ("L16", 16000, CODECS["L16"].number)
    assert "a=rtpmap:98 L16/16000" in lines


def test_whose_order_decides() -> None:
    assert reply(*BROWSER, codecs=("PCMA", "opus"))[1].codec_name == "opus"
    assert reply(*BROWSER, codecs=("PCMA", "opus"), ours_first=True)[1].codec_name == "PCMA"


def test_comfort_noise_only_where_it_is_wanted() -> None:
    assert reply(*BROWSER)[1].cn_payload_type == -1
    lines, said = reply(*BROWSER, comfort_noise=True)
    assert said.cn_payload_type == 13
    assert "a=rtpmap:13 CN/8000" in lines
    assert b" 13 " in make_offer("192.0.2.1", 4000, session_id=1, version=1, comfort_noise=True)
    assert b"CN" not in make_offer("192.0.2.1", 4000, session_id=1, version=1)


def test_our_offer_names_all_codecs_in_order_with_an_event_for_each_clock() -> None:
    offer = make_offer("192.0.2.1", 4000, codecs=ALL, session_id=1, version=1).decode()
    assert "m=audio 4000 RTP/AVP 107 9 8 0 109 110 101 102\r\n" in offer
    for line in ("107 opus/48000/2", "109 L16/16000", "110 telephone-event/48000", "102 telephone-event/16000"):
        assert f"a=rtpmap:{line}\r\n" in offer


def test_we_send_with_the_numbers_that_the_answer_names_and_hear_those_of_our_offer() -> None:
    lines = ["m=audio 5000 RTP/AVP 120 121", "a=rtpmap:120 opus/48000/2", "a=rtpmap:121 telephone-event/48000"]
    said = read_answer((HEAD + "".join(f"{line}\r\n" for line in lines)).encode(), codecs=ALL)
    assert (said.payload_type, said.event_payload_type) == (120, 121)
    assert (said.heard_payload_type, said.heard_event_type) == (107, 110)
    usual = read_answer((HEAD + "m=audio 5000 RTP/AVP 8\r\n").encode())
    assert (usual.heard_payload_type, usual.heard_event_type) == (-1, -1)


@pytest.mark.parametrize("name", CODECS)
def test_numbers_are_those_of_the_media_core(name: str) -> None:
    wire = pytest.importorskip("core.engine.engine", reason="build the core first")
    engine = wire.Engine(workers=1, port_min=22000, port_max=22099, max_streams=4, realtime=False)
    engine.start()
    try:
        stream, _ = engine.open("127.0.0.1")
        engine.configure(stream, remote_ip="127.0.0.1", remote_port=9, codec=CODECS[name].number)
        with pytest.raises(ValueError, match="codec 77"):
            engine.configure(stream, remote_ip="127.0.0.1", remote_port=9, codec=77)
    finally:
        engine.stop()


# -- IPv6

SIX = "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def test_ipv6_both_ways() -> None:
    data, said = answer(SIX.encode(), "2001:db8::2", 7000, session_id=5, version=1)
    assert said.remote_ip == "2001:db8::1"
    assert b"o=- 5 1 IN IP6 2001:db8::2\r\n" in data
    assert b"c=IN IP6 2001:db8::2\r\n" in data
    assert read_answer(data, ipv6=True).remote_ip == "2001:db8::2"
    assert b"c=IN IP6 2001:db8::2\r\n" in make_offer("2001:db8::2", 4000, session_id=1, version=1)


def test_the_families_may_not_differ() -> None:
    with pytest.raises(NotAcceptable, match="IPv6"):
        answer(SIX.encode(), "192.0.2.1", 7000, session_id=5, version=1)
    with pytest.raises(NotAcceptable, match="IPv4"):
        answer((HEAD + "m=audio 4000 RTP/AVP 0\r\n").encode(), "2001:db8::2", 7000, session_id=5, version=1)


@pytest.mark.parametrize("address", ["ff02::1", "fe80::1", "::ffff:224.0.0.1"])
def test_addresses_that_get_no_media(address: str) -> None:
    with pytest.raises(NotAcceptable):
        answer(
            SIX.replace("c=IN IP6 2001:db8::1", f"c=IN IP6 {address}").encode(),
            "2001:db8::2",
            7,
            session_id=5,
            version=1,
        )


def test_hold_by_the_unspecified_address() -> None:
    data = SIX.replace("c=IN IP6 2001:db8::1", "c=IN IP6 ::").encode()
    assert answer(data, "2001:db8::2", 7, session_id=5, version=1)[1].send is False


def test_the_family_of_an_offer_is_seen_beforehand() -> None:
    assert ipv6_connection(SIX.encode()) == "2001:db8::1"
    assert ipv6_connection(HEAD.encode()) == ""
    assert ipv6_connection(SIX.encode() + b"a=ice-ufrag:abcd\r\n") == ""
    for bad in (b"\nc=IN IP6 ", b"\nc=IN IP6 x\r\n", b"\nc=IN IP6 \xff\xff\r\n", b"\nc=IN IP6 1:2\r\n"):
        assert ipv6_connection(bad) == ""
