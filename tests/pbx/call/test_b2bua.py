"""Calls between extensions over real SIP and SDP, in memory."""

import asyncio

import pytest

from pbx.call.causes import for_caller
from pbx.events import Kind
from pbx.sdp.offer_answer import make_offer
from tests.pbx.call.sip_world import PBX, World, config


async def test_register_call_talk_and_hang_up() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    assert (await anna.register()).status == 200
    assert (await bob.register()).status == 200
    anna.call("102")
    await asyncio.sleep(5)
    assert anna.names() == ["progress", "answer"]
    assert bob.names() == ["invite", "established"]
    invite = bob.events[0][1]
    assert invite.from_.uri.user == "101"
    assert invite.from_.display == "Anna", "the configured name, whatever the phone says"
    assert invite.max_forwards == 69
    one, two = world.media.sessions
    assert one.partner is two
    assert (one.settings.remote_ip, two.settings.remote_ip) == ("127.15.1.1", "127.15.1.2")
    assert f"c=IN IP4 {one.local_ip}".encode() in anna.events[1][1]
    snapshot = world.service.active()[0]
    assert (snapshot.state, snapshot.caller, snapshot.callee) == ("bridged", "101", "102")
    anna.session.bye()
    await asyncio.sleep(1)
    assert bob.names()[-1] == "ended"
    assert world.journey() == [
        Kind.CALL_STARTED,
        Kind.CALL_ROUTED,
        Kind.LEG_STARTED,
        Kind.LEG_RINGING,
        Kind.LEG_ANSWERED,
        Kind.CALL_ANSWERED,
        Kind.BRIDGE_STARTED,
        Kind.LEG_ENDED,
        Kind.BRIDGE_ENDED,
        Kind.LEG_ENDED,
        Kind.CALL_ENDED,
    ]
    assert world.last(Kind.CALL_ENDED)["ended_by"] == "caller"
    await world.settle()


async def test_the_callee_hangs_up() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(5)
    bob.session.bye()
    await asyncio.sleep(1)
    assert anna.events[-1] == ("ended", "bye")
    ended = world.last(Kind.CALL_ENDED)
    assert (ended["ended_by"], ended["cause"], ended["sip_status"]) == ("callee", "normal", 200)
    assert ended["setup_s"] == pytest.approx(1, abs=0.1)
    await world.settle()


@pytest.mark.parametrize(
    ("status", "told"), [(302, 480), (407, 480), (401, 480), (420, 480), (502, 480), (607, 603), (404, 404)]
)
async def test_what_concerns_only_the_other_leg_is_not_told_to_the_caller(status: int, told: int) -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    bob.refuse = status
    anna.call("102")
    await asyncio.sleep(3)
    assert anna.events[-1][:2] == ("failure", told)
    assert world.last(Kind.CALL_ENDED)["sip_status"] == told
    await world.settle()


def test_a_trunk_that_refuses_our_password_is_our_trouble() -> None:
    assert [for_caller(status) for status in (401, 407, 502, 503)] == [503, 503, 500, 503]


@pytest.mark.parametrize(
    ("status", "cause", "q850"), [(486, "busy", 17), (603, "rejected", 21), (488, "incompatible", 88)]
)
async def test_a_refusal_is_passed_on(status: int, cause: str, q850: int) -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    bob.refuse = status
    anna.call("102")
    await asyncio.sleep(2)
    name, got, response = anna.events[-1]
    assert (name, got) == ("failure", status)
    assert f"cause={q850};" in response.header("Reason")
    ended = world.last(Kind.CALL_ENDED)
    assert (ended["cause"], ended["sip_status"], ended["ended_by"]) == (cause, status, "callee")
    await world.settle()


async def test_not_registered_no_answer_and_unknown() -> None:
    world = World(
        config(
            extension=[
                {"number": "101", "secret": "one-zero-one"},
                {"number": "102", "secret": "x", "ring_timeout_s": 15},
            ]
        )
    )
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2", "x")
    anna.call("102")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 480)
    assert world.last(Kind.CALL_ENDED)["cause"] == "unregistered"
    anna.call("999")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 404)
    await bob.register()
    bob.ring_s = None
    anna.call("102")
    await asyncio.sleep(14)
    assert anna.events[-1][1] == 180
    await asyncio.sleep(2)
    assert anna.events[-1][:2] == ("failure", 480)
    assert bob.names()[-1] == "cancelled"
    assert world.last(Kind.CALL_ENDED)["cause"] == "no_answer"
    await world.settle()


async def test_the_caller_gives_up() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    bob.ring_s = None
    session = anna.call("102")
    await asyncio.sleep(3)
    session.cancel()
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 487)
    assert bob.names()[-1] == "cancelled"
    assert world.last(Kind.CALL_ENDED)["cause"] == "cancelled"
    await world.settle()


async def test_two_phones_ring_and_the_first_answer_wins() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    desk, mobile = world.phone("102", "127.15.1.2"), world.phone("102", "127.15.1.3")
    await desk.register()
    await mobile.register()
    desk.ring_s, mobile.ring_s = None, 3.0
    anna.call("102")
    await asyncio.sleep(5)
    assert desk.names() == ["invite", "cancelled"]
    assert mobile.names() == ["invite", "established"]
    cancel = next(data for _, to, data in world.net.wire if to == "127.15.1.2" and data.startswith(b"CANCEL"))
    assert b'Reason: SIP;cause=200;text="Call completed elsewhere"' in cancel
    assert len(world.media.open_streams) == 2
    anna.session.bye()
    await world.settle()


async def test_both_phones_answer_at_once() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    desk, mobile = world.phone("102", "127.15.1.2"), world.phone("102", "127.15.1.3")
    await desk.register()
    await mobile.register()
    anna.call("102")
    await asyncio.sleep(5)
    assert sorted([desk.names(), mobile.names()]) == [["invite", "established"], ["invite", "established", "ended"]]
    anna.session.bye()
    await world.settle()


async def test_early_media_reach_the_caller() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    bob.early, bob.ring_s = True, 5.0
    anna.call("102")
    await asyncio.sleep(2)
    assert anna.events[0][:2] == ("progress", 183)
    assert anna.events[0][2].startswith(b"v=0")
    one, two = world.media.sessions
    assert one.partner is two
    await asyncio.sleep(5)
    assert anna.names() == ["progress", "answer"]
    assert one.partner is two
    bob.session.bye()
    await world.settle()


async def test_hold_plays_music_to_the_other_and_resume_ends_it() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    one, two = world.media.sessions
    hold = make_offer("127.15.1.1", 4000, direction="sendonly", session_id=1, version=2)
    anna.session.reinvite(hold)
    await asyncio.sleep(10)
    assert b"a=recvonly" in anna.events[-1][2]
    assert two.playing == ["music:default"]
    assert one.playing == []
    anna.session.reinvite(make_offer("127.15.1.9", 4444, session_id=1, version=3))
    await asyncio.sleep(1)
    assert two.playing == []
    assert (one.settings.remote_ip, one.settings.remote_port) == ("127.15.1.9", 4444)
    assert world.last(Kind.HOLD_ENDED)["hold_s"] == pytest.approx(10, abs=0.1)
    anna.session.bye()
    await world.settle()


async def test_a_reinvite_without_offer_gets_ours() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    configured = world.media.sessions[0].configured
    anna.session.reinvite(b"")
    anna.on_reinvite_answer = lambda session, status, body: anna._answer(body)  # type: ignore[method-assign]
    await asyncio.sleep(1)
    assert world.media.sessions[0].configured == configured + 1
    anna.session.reinvite(b"v=0\r\nm=nonsense")
    await asyncio.sleep(1)
    assert world.service.calls, "a bad re-INVITE must leave the call as it was"
    anna.session.bye()
    await world.settle()


async def test_an_invite_without_offer() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102", body=b"")
    await asyncio.sleep(3)
    assert anna.names() == ["progress", "answer"]
    one, two = world.media.sessions
    assert one.settings.remote_ip == "127.15.1.1"
    assert one.partner is two
    anna.session.bye()
    await world.settle()


async def test_bad_sdp_is_refused_before_anything_rings() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call(
        "102", body=b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n"
    )
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 488)
    anna.call("102", body=b"rubbish")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 400)
    assert bob.events == []
    world.media.fail = OSError("no free port")
    anna.call("102")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 503)
    await world.settle()


async def test_info_digits_cross_the_bridge() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    anna.session.info(b"Signal=5\r\nDuration=160\r\n", "application/dtmf-relay")
    bob.session.info(b"#", "application/dtmf")
    anna.session.info(b"Signal=boo\r\n", "application/dtmf-relay")
    await asyncio.sleep(1)
    one, two = world.media.sessions
    assert (two.sent_digits, one.sent_digits) == ("5", "#")
    anna.session.bye()
    await world.settle()


async def test_the_echo_test() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    for number in ("601", "*43"):
        anna.call(number)
        await asyncio.sleep(2)
        assert world.media.sessions[-1].echoing
        anna.session.bye()
        await asyncio.sleep(1)
    await world.settle()


async def test_a_vanished_phone_releases_both() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    world.media.sessions[1].on_timeout(30.0)
    await asyncio.sleep(1)
    assert anna.events[-1] == ("ended", "bye")
    assert bob.events[-1] == ("ended", "bye")
    ended = world.last(Kind.CALL_ENDED)
    assert (ended["cause"], ended["ended_by"]) == ("media_timeout", "pbx")
    assert world.last(Kind.MEDIA_TIMEOUT) == {"silent_s": 30.0}
    await world.settle()


async def test_options_and_unknown_methods() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    options = await anna.request("OPTIONS", f"sip:{PBX}")
    assert options.status == 200
    assert "INVITE" in options.header("Allow")
    assert "application/sdp" in options.header("Accept")
    assert (await anna.request("MESSAGE", f"sip:{PBX}")).status == 405
    assert (await anna.request("FROBNICATE", f"sip:{PBX}")).status == 501
    await world.settle()


async def test_a_phone_in_trouble_is_not_the_pbx_in_trouble() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    bob.refuse = 503
    anna.call("102")
    await asyncio.sleep(2)
    assert anna.events[-1][:2] == ("failure", 480)
    await world.settle()
