"""SUBSCRIBE and NOTIFY (RFC 6665): who may, how long, how often, and that nothing is left."""

from __future__ import annotations

import asyncio

import pytest

from tests.pbx.call.sip_world import config
from tests.pbx.presence.watching import Watcher, WatchWorld, watching


async def watched_world(**settings: object) -> tuple[WatchWorld, Watcher]:
    world = WatchWorld(config(subscriptions=settings) if settings else None)
    anna = watching(world.phone("101", "127.15.1.1"))
    return world, Watcher(anna, "dialog", "102")


async def test_a_lamp_follows_the_calls_of_an_extension() -> None:
    private = [
        {"number": "101", "secret": "one-zero-one"},
        {"number": "102", "secret": "one-zero-two", "call_groups": ["office"]},
        {"number": "103", "secret": "one-zero-three"},
    ]
    world = WatchWorld(config(extension=private))
    lamp = Watcher(watching(world.phone("101", "127.15.1.1")), "dialog", "102")
    bob, carol = world.phone("102", "127.15.1.2"), world.phone("103", "127.15.1.3")
    await bob.register()
    answer = await lamp.subscribe()
    assert (answer.status, answer.header("Expires")) == (200, "600")
    await asyncio.sleep(0.1)
    assert 'version="0" state="full" entity="sip:102@centrala.local"' in lamp.bodies[0]
    assert "<dialog " not in lamp.bodies[0]
    assert lamp.states[0] == "active;expires=600"
    assert lamp.notifies[0].header("Event") == "dialog"
    await asyncio.sleep(1)
    carol.call("102")
    await asyncio.sleep(0.7)
    assert 'direction="recipient"><state>early</state>' in lamp.bodies[-1]
    await asyncio.sleep(2)
    assert "<state>confirmed</state>" in lamp.bodies[-1]
    assert "103" not in lamp.bodies[-1]  # not of a common group: with whom is none of her business
    carol.session.bye()
    await asyncio.sleep(1)
    assert "<dialog " not in lamp.bodies[-1]
    versions = [body.split('version="')[2].split('"')[0] for body in lamp.bodies]
    assert versions == [str(n) for n in range(len(versions))]
    bob.call("601")
    await asyncio.sleep(1)
    assert 'direction="initiator"><state>confirmed</state>' in lamp.bodies[-1]
    bob.session.bye()
    await asyncio.sleep(1)
    assert (await lamp.subscribe(0)).status == 200
    await asyncio.sleep(1)
    assert lamp.states[-1] == "terminated;reason=timeout"
    await world.settle()


async def test_who_may_pick_up_sees_who_calls() -> None:
    groups = [
        {"number": "101", "secret": "one-zero-one", "pickup_groups": ["office"]},
        {"number": "102", "secret": "one-zero-two", "call_groups": ["office"]},
        {"number": "103", "secret": "one-zero-three", "name": 'C&"rol'},
    ]
    world = WatchWorld(config(extension=groups))
    anna = watching(world.phone("101", "127.15.1.1"))
    bob, carol = world.phone("102", "127.15.1.2"), world.phone("103", "127.15.1.3")
    bob.ring_s = None
    await bob.register()
    lamp = Watcher(anna, "dialog", "102")
    await lamp.subscribe()
    await asyncio.sleep(1)
    carol.call("102")
    await asyncio.sleep(1)
    body = lamp.bodies[-1]
    assert "<identity display='C&amp;\"rol'>sip:103@centrala.local</identity>" in body
    call_id = body.split('call-id="')[1].split('"')[0]
    tags = [body.split(f'{tag}-tag="')[1].split('"')[0] for tag in ("local", "remote")]
    assert not any(session.call_id in body for session in world.pbx.ua.sessions.values())
    anna.call("102", f"Replaces: {call_id};to-tag={tags[0]};from-tag={tags[1]};early-only")
    await asyncio.sleep(2)
    assert bob.names()[-1] == "cancelled"
    assert anna.session.state == carol.session.state == "confirmed"
    assert "<dialog " not in lamp.bodies[-1]
    carol.session.bye()
    await world.settle()


async def test_who_may_not() -> None:
    world, lamp = await watched_world()
    assert (await lamp.subscribe(auth=False)).status == 401
    assert (await lamp.subscribe(user="102")).status == 403  # From is not the account (advisory row 22)
    for event, resource, status in (
        ("dialog", "999", 404),
        ("message-summary", "102", 403),
        ("reg", "102", 489),
        ("presence", "999", 404),
    ):
        answer = await Watcher(lamp.phone, event, resource).subscribe()
        assert answer.status == status, event
    assert (answer.header("Allow-Events") or "") == ""
    unknown = await Watcher(lamp.phone, "reg", "102").subscribe()
    assert unknown.header("Allow-Events") == "dialog, message-summary, presence"
    assert (await lamp.subscribe(10)).status == 423
    assert (await lamp.subscribe(600, "Accept: text/plain")).status == 406
    assert (await lamp.subscribe(600, "Accept: application/dialog-info+xml, text/plain")).status == 200
    await asyncio.sleep(1)
    assert len(lamp.bodies) == 1
    await world.settle()


async def test_limits_per_extension_and_in_all() -> None:
    world, lamp = await watched_world(max_per_extension=2, max_total=3)
    bob = watching(world.phone("102", "127.15.1.2"))
    for number in ("101", "103"):
        assert (await Watcher(lamp.phone, "dialog", number).subscribe()).status == 200
    full = await lamp.subscribe()
    assert (full.status, full.header("Retry-After")) == (503, "300")
    assert (await Watcher(bob, "dialog", "101").subscribe()).status == 200
    assert (await Watcher(bob, "dialog", "103").subscribe()).status == 503
    await world.settle()


async def test_it_ends_when_it_is_not_refreshed() -> None:
    world, lamp = await watched_world()
    await lamp.subscribe(60)
    await asyncio.sleep(50)
    assert (await lamp.subscribe(60)).status == 200
    assert len(world.presence.subscriptions) == 1
    await asyncio.sleep(50)
    assert len(world.presence.subscriptions) == 1
    await asyncio.sleep(21)
    assert len(world.presence.subscriptions) == 0
    assert lamp.states[-1] == "terminated;reason=timeout"
    assert (await lamp.subscribe(60)).status == 481
    await world.settle()


@pytest.mark.parametrize("answer", [481, 0])
async def test_a_phone_that_forgot_is_forgotten(answer: int) -> None:
    world, lamp = await watched_world()
    lamp.phone.notify_answer = answer  # type: ignore[attr-defined]
    await lamp.subscribe()
    await asyncio.sleep(35)
    assert len(world.presence.subscriptions) == 0
    assert world.presence.subscriptions.tally.lost == 1
    await world.settle()


async def test_to_know_it_once() -> None:
    world, lamp = await watched_world()
    assert (await lamp.subscribe(0)).status == 200
    await asyncio.sleep(0.5)
    assert lamp.states == ["terminated;reason=timeout"]
    assert "dialog-info" in lamp.bodies[0]
    assert len(world.presence.subscriptions) == 0
    await world.settle()


async def test_a_storm_of_unsubscribing() -> None:
    """Expires 0 again and again, inside and outside the dialog, changes nothing but that it is over (advisory 19)."""
    world, lamp = await watched_world()
    for _ in range(20):
        await lamp.subscribe()
        first = await lamp.subscribe(0)
        second = await lamp.subscribe(0)
        assert (first.status, second.status) == (200, 481)
        lamp.remote_tag = ""
        assert (await lamp.subscribe(0)).status == 200
        lamp.remote_tag = ""
    await asyncio.sleep(1)
    assert len(world.presence.subscriptions) == 0
    assert world.pbx.ua.errors == 0
    await world.settle()


async def test_a_refresh_from_elsewhere_needs_the_password() -> None:
    world, lamp = await watched_world()
    await lamp.subscribe()
    await asyncio.sleep(0.5)
    tag = lamp.remote_tag
    thief = watching(world.phone("103", "127.15.9.9"))
    forged = Watcher(thief, "dialog", "102")
    forged.call_id, forged.tag, forged.remote_tag, forged.cseq = lamp.call_id, lamp.tag, tag, 50
    assert (await forged.subscribe(0, auth=False)).status == 401
    assert (await forged.subscribe(0)).status == 403  # 103's own password is not 101's
    assert len(world.presence.subscriptions) == 1
    assert len(lamp.notifies) == 1
    await world.settle()


async def test_a_phone_that_was_restarted_asks_anew() -> None:
    world, lamp = await watched_world()
    await lamp.subscribe()
    again = Watcher(lamp.phone, "dialog", "102")
    await again.subscribe()
    assert len(world.presence.subscriptions) == 1
    await world.settle()


async def test_a_busy_line_is_told_no_faster_than_allowed() -> None:
    world, lamp = await watched_world(min_interval_ms=2000)
    bob = world.phone("102", "127.15.1.2")
    await lamp.subscribe()
    await asyncio.sleep(2.5)
    before = len(lamp.notifies)
    for _ in range(10):
        bob.call("601")
        await asyncio.sleep(0.2)
        bob.session.bye()
        await asyncio.sleep(0.2)
    await asyncio.sleep(3)
    assert before + 2 <= len(lamp.notifies) <= before + 4
    assert "<dialog " not in lamp.bodies[-1]
    assert world.presence.subscriptions.tally.coalesced > 10
    await world.settle()


async def test_nobody_watches_nothing_is_computed() -> None:
    world, _ = await watched_world()
    assert world.presence._lines._unsubscribe is None
    world.phone("102", "127.15.1.2").call("601")
    await asyncio.sleep(1)
    assert not world.presence._lines._extensions
    next(iter(world.service.calls.values())).terminate()
    await world.settle()


async def test_a_restart_is_announced() -> None:
    world, lamp = await watched_world()
    await lamp.subscribe()
    await asyncio.sleep(0.5)
    world.presence.stop()
    await asyncio.sleep(0.5)
    assert lamp.states[-1] == "terminated;reason=probation;retry-after=10"
    await world.settle()
