"""Offer and answer (RFC 3264): codecs, events, ptime, hold, several media, addresses that must get no media."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sdp.description import SdpError, SessionDescription
from pbx.sdp.offer_answer import MediaSettings, NotAcceptable, answer, make_offer, read_answer

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
AUDIO = "m=audio 4000 RTP/AVP 0\r\n"


def reply(*lines: str, head: str = HEAD, **options: object) -> tuple[list[str], MediaSettings]:
    """The lines of our answer to an offer with these media lines, and what it means."""
    offer = head + "".join(f"{line}\r\n" for line in lines)
    data, settings = answer(offer.encode(), "198.51.100.1", 7000, session_id=5, version=1, **options)  # type: ignore[arg-type]
    SessionDescription.parse(data)
    return data.decode().split("\r\n"), settings


def refusal(*lines: str, head: str = HEAD) -> SdpError:
    with pytest.raises(SdpError) as caught:
        reply(*lines, head=head)
    return caught.value


def test_answer_to_a_common_offer() -> None:
    lines, settings = reply(
        "m=audio 4000 RTP/AVP 0 8 101",
        *("a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16"),
        *("a=ptime:30", "a=sendrecv"),
    )
    assert lines == [
        *("v=0", "o=- 5 1 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0", "m=audio 7000 RTP/AVP 0 101"),
        *(
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16",
            "a=ptime:30",
            "a=sendrecv",
            "",
        ),
    ]
    assert settings == MediaSettings("192.0.2.1", 4000, 4001, False, 0, 0, 101, 30, True, True, "PCMU")
    assert not settings.held


def test_codec_order_is_the_offerers_within_our_list() -> None:
    assert reply("m=audio 4000 RTP/AVP 18 8 0")[1].codec_name == "PCMA"
    assert reply("m=audio 4000 RTP/AVP 8 0", codecs=["PCMU"])[1].codec_name == "PCMU"
    assert reply("m=audio 4000 RTP/AVP 0 0 8 8")[1].payload_type == 0


def test_dynamic_numbers_count_and_rtpmap_wins_over_the_static_table() -> None:
    lines, settings = reply("m=audio 4000 RTP/AVP 97 98", "a=rtpmap:97 pcma/8000/1", "a=rtpmap:98 TELEPHONE-EVENT/8000")
    assert (settings.codec, settings.payload_type, settings.event_payload_type) == (8, 97, 98)
    assert "m=audio 7000 RTP/AVP 97 98" in lines
    assert refusal("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 G726-32/8000").status == 488
    assert refusal("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMU/16000").status == 488
    assert refusal("m=audio 4000 RTP/AVP 300", "a=rtpmap:300 PCMU/8000").status == 488


@pytest.mark.parametrize(
    ("fmtp", "said"), [("0-16", "0-16"), ("0-15", "0-15"), ("0-11", "0-15"), ("0-15,16", "0-16"), (None, "0-15")]
)
def test_events(fmtp: str | None, said: str) -> None:
    extra = [] if fmtp is None else [f"a=fmtp:101 {fmtp}"]
    lines, settings = reply("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", *extra)
    assert f"a=fmtp:101 {said}" in lines
    assert settings.event_payload_type == 101
    assert reply("m=audio 4000 RTP/AVP 0 101")[1].event_payload_type == -1


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([], 20), (["a=ptime:40"], 40), (["a=ptime:1000000"], 60), (["a=ptime:5"], 10), (["a=ptime:-20"], 20),
        (["a=ptime:x"], 20), (["a=ptime:25"], 20), (["a=maxptime:10"], 10), (["a=ptime:60", "a=maxptime:30"], 30),
        (["a=maxptime:0"], 20), (["a=ptime:0"], 20), (["a=ptime: 30 "], 30), (["a=ptime:" + "9" * 4000], 20),
    ],
)  # fmt: skip
def test_ptime(attributes: list[str], expected: int) -> None:
    assert reply("m=audio 4000 RTP/AVP 0", *attributes)[1].ptime_ms == expected


@pytest.mark.parametrize(
    ("offered", "wanted", "said", "send", "receive"),
    [
        ("sendrecv", "sendrecv", "sendrecv", True, True),
        ("sendonly", "sendrecv", "recvonly", False, True),
        ("recvonly", "sendrecv", "sendonly", True, False),
        ("inactive", "sendrecv", "inactive", False, False),
        ("sendrecv", "sendonly", "sendonly", True, False),
        ("sendrecv", "inactive", "inactive", False, False),
        ("sendonly", "sendonly", "inactive", False, False),
        ("recvonly", "recvonly", "inactive", False, False),
    ],
)
def test_direction(offered: str, wanted: str, said: str, send: bool, receive: bool) -> None:
    lines, settings = reply("m=audio 4000 RTP/AVP 0", f"a={offered}", direction=wanted)
    assert f"a={said}" in lines
    assert (settings.send, settings.receive, settings.held) == (send, receive, not send)


def test_direction_of_the_session_counts_when_the_medium_has_none() -> None:
    assert reply(AUDIO.strip(), head=HEAD + "a=sendonly\r\n")[1].send is False
    assert reply(AUDIO.strip(), "a=sendrecv", head=HEAD + "a=sendonly\r\n")[1].send is True
    assert reply(AUDIO.strip(), "a=sendonly", "a=recvonly")[1].send is True


def test_hold_by_address_zero() -> None:
    lines, settings = reply(AUDIO.strip(), "c=IN IP4 0.0.0.0")
    assert "a=recvonly" in lines
    assert (settings.remote_ip, settings.remote_port, settings.remote_rtcp_port) == ("", 0, 0)
    assert (settings.send, settings.receive) == (False, True)
    assert reply(AUDIO.strip(), "c=IN IP6 ::ffff:0.0.0.0")[1] == settings


def test_several_media_keep_their_order() -> None:
    lines, settings = reply(
        *("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 18", "m=audio 4004 RTP/AVPF 8"),
        *("m=audio 4006 RTP/AVP 0", "m=hologram 9 FOO/BAR x y"),
    )
    assert [line for line in lines if line.startswith("m=")] == [
        *("m=video 0 RTP/AVP 31", "m=audio 0 RTP/SAVP 0", "m=audio 0 RTP/AVP 18", "m=audio 7000 RTP/AVPF 8"),
        *("m=audio 0 RTP/AVP 0", "m=hologram 0 FOO/BAR x"),
    ]
    assert settings.remote_port == 4004


def test_rtcp() -> None:
    assert reply(AUDIO.strip(), "a=rtcp:4999")[1].remote_rtcp_port == 4999
    assert reply(AUDIO.strip(), "a=rtcp:4999 IN IP4 203.0.113.9")[1].remote_ip == "192.0.2.1"
    for bad in ("0", "x", "", "-1"):
        assert reply(AUDIO.strip(), f"a=rtcp:{bad}")[1].remote_rtcp_port == 4001
    lines, settings = reply(AUDIO.strip(), "a=rtcp-mux", "a=rtcp:4999")
    assert "a=rtcp-mux" in lines
    assert (settings.rtcp_mux, settings.remote_rtcp_port) == (True, 4000)
    assert reply("m=audio 65535 RTP/AVP 0")[1].remote_rtcp_port == 0


@pytest.mark.parametrize(
    ("lines", "status", "warning"),
    [
        (["m=audio 4000 RTP/AVP 18"], 488, 305),
        (["m=audio 4000 RTP/SAVP 0"], 488, 302),
        (["m=audio 0 RTP/AVP 0"], 488, 304),
        (["m=image 4000 udptl t38"], 488, 304),
        ([], 488, 304),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 224.0.0.1"], 488, 301),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 255.255.255.255"], 488, 301),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 0.1.2.3"], 488, 301),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 host.example"], 488, 301),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1"], 488, 300),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP6 ::ffff:224.0.0.1"], 488, 301),
    ],
)
def test_not_acceptable(lines: list[str], status: int, warning: int) -> None:
    error = refusal(*lines)
    assert (error.status, error.warning) == (status, warning)
    assert error.headers("pbx.example") == (f'Warning: {warning} pbx.example "{error.reason}"',)


def test_warning_stays_one_quoted_string() -> None:
    (line,) = refusal("m=audio 4000 RTP/'\"\\ 0").headers("pbx.example")
    assert line.count('"') == 2
    assert "\\" not in line


def test_no_address_at_all() -> None:
    assert refusal(AUDIO.strip(), head="v=0\r\n").status == 400


def test_mapped_address_is_the_ipv4_address() -> None:
    assert reply(AUDIO.strip(), "c=IN IP6 ::ffff:192.0.2.7")[1].remote_ip == "192.0.2.7"


def test_what_we_offer_we_can_answer() -> None:
    for mux in (False, True):
        offer = make_offer(
            "192.0.2.1", 4000, codecs=["PCMU", "PCMA"], ptime_ms=30, session_id=9, version=3, rtcp_mux=mux
        )
        assert b"o=- 9 3 IN IP4 192.0.2.1" in offer
        answered, theirs = answer(offer, "198.51.100.1", 7000, session_id=5, version=1)
        ours = read_answer(answered, codecs=["PCMU", "PCMA"])
        assert theirs == MediaSettings("192.0.2.1", 4000, 4000 if mux else 4001, mux, 0, 0, 101, 30, True, True, "PCMU")
        assert ours == MediaSettings(
            "198.51.100.1", 7000, 7000 if mux else 7001, mux, 0, 0, 101, 30, True, True, "PCMU"
        )


def test_hold_and_resume_from_our_side() -> None:
    hold = make_offer("192.0.2.1", 4000, direction="sendonly", session_id=9, version=4)
    answered, theirs = answer(hold, "198.51.100.1", 7000, session_id=5, version=2)
    assert b"a=recvonly" in answered
    assert theirs.held
    ours = read_answer(answered, direction="sendonly")
    assert (ours.send, ours.receive) == (True, False)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["m=audio 0 RTP/AVP 8"],
        ["m=audio 4000 RTP/AVP 18"],
        ["m=video 4000 RTP/AVP 31"],
        ["m=audio 4000 RTP/AVP 8", "c=IN IP4 239.0.0.1"],
    ],
)
def test_answers_that_end_the_call(lines: list[str]) -> None:
    with pytest.raises(NotAcceptable):
        read_answer((HEAD + "".join(f"{line}\r\n" for line in lines)).encode())


def test_answer_takes_only_what_was_offered() -> None:
    with pytest.raises(NotAcceptable):
        read_answer((HEAD + "m=audio 4000 RTP/AVP 0\r\n").encode(), codecs=["PCMA"])


OFFER = make_offer("192.0.2.1", 4000, session_id=1, version=1)


@given(st.integers(0, len(OFFER)), st.binary(max_size=4), st.text("ma=: 0189audiortpmp/\r\n", max_size=60))
@settings(max_examples=500, deadline=None)
def test_nothing_else_is_raised(at: int, change: bytes, lines: str) -> None:
    for offer in (
        OFFER[:at] + change + OFFER[at + len(change) :],
        OFFER[:at] + OFFER[at + 1 :],
        OFFER + lines.encode(),
        HEAD.encode() + lines.encode(),
    ):
        for read in (
            lambda o: SessionDescription.parse(answer(o, "192.0.2.9", 9, session_id=1, version=1)[0]),
            read_answer,
        ):
            try:
                read(offer)
            except SdpError as error:
                assert error.status in (400, 413, 488)  # noqa: PT017
