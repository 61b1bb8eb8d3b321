"""Message lamps, presence and publications, and messages between extensions."""

from __future__ import annotations

import asyncio

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.events import AgentStateChanged, ParkSlotChanged
from pbx.presence import pidf
from pbx.sip.address import Destination
from pbx.sip.message import Response
from tests.pbx.call.sip_world import DOMAIN, PBX, Phone, config
from tests.pbx.presence.watching import Watcher, WatchWorld, watching


async def test_the_message_lamp() -> None:
    world = WatchWorld()
    anna = watching(world.phone("101", "127.15.1.1"))
    lamp = Watcher(anna, "message-summary", "101")
    await lamp.subscribe()
    await asyncio.sleep(1)
    assert lamp.bodies[0].splitlines()[0] == "Messages-Waiting: no"
    world.services.message_waiting.set("101", 2, 3)
    world.services.message_waiting.set("101", 2, 3)
    await asyncio.sleep(1)
    assert lamp.bodies[1:] == [
        "Messages-Waiting: yes\r\nMessage-Account: sip:101@centrala.local\r\nVoice-Message: 2/3 (0/0)\r\n"
    ]
    assert lamp.notifies[-1].content_type == "application/simple-message-summary"
    with pytest.raises(KeyError, match="999"):
        world.services.message_waiting.set("999", 1)
    await world.settle()


async def test_the_message_lamp_of_a_phone_that_never_asks() -> None:
    world = WatchWorld(config(subscriptions={"unsolicited_mwi": ["101"]}))
    anna = watching(world.phone("101", "127.15.1.1"))
    await anna.register()
    await asyncio.sleep(0.5)
    world.services.message_waiting.set("101", 1)
    await asyncio.sleep(0.5)
    told = [event[1].body.decode().splitlines()[0] for event in anna.events if event[0] == "unsolicited"]
    assert told == ["Messages-Waiting: no", "Messages-Waiting: yes"]
    await world.settle()


async def test_presence_follows_registration_calls_and_agents() -> None:
    world = WatchWorld()
    anna, bob = watching(world.phone("101", "127.15.1.1")), world.phone("102", "127.15.1.2")
    seen = Watcher(anna, "presence", "102")
    await seen.subscribe()
    await asyncio.sleep(1)
    assert "<basic>closed</basic>" in seen.bodies[-1]
    await bob.register()
    await asyncio.sleep(1)
    assert "<basic>open</basic>" in seen.bodies[-1]
    bob.call("601")
    await asyncio.sleep(1)
    assert "<rpid:on-the-phone/>" in seen.bodies[-1]
    bob.session.bye()
    await asyncio.sleep(1)
    assert "rpid:on-the-phone/" not in seen.bodies[-1]
    world.bus.publish(AgentStateChanged("102", "break", "available", world.clock.unix(), 1.0))
    await asyncio.sleep(1)
    assert "<rpid:away/>" in seen.bodies[-1]
    await world.settle()


def document(basic: str = "open", note: str = "", activity: str = "") -> bytes:
    return pidf.build("sip:102@centrala.local", pidf.Presence(basic == "open", activity, note))


async def publish(phone: Phone, body: bytes, *headers: str, to: str = "", expires: int = 600) -> Response:
    """A PUBLISH with a body, which `Phone.request` cannot carry."""
    done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    me = f"<sip:{phone.number}@{DOMAIN}>"
    from pbx.sip.client_auth import ClientCredentials

    phone.peer.ua.request(
        "PUBLISH",
        uri=f"sip:{to or phone.number}@{DOMAIN}",
        destination=Destination("udp", PBX, 5060),
        from_=me,
        to=me,
        headers=("Event: presence", f"Expires: {expires}", *headers),
        body=body,
        content_type=pidf.CONTENT_TYPE,
        credentials=ClientCredentials(phone.number, phone.secret),
        on_response=lambda _status, response: done.set_result(response),
    )
    return await done


async def test_what_one_publishes_of_oneself() -> None:
    world = WatchWorld()
    anna, bob = watching(world.phone("101", "127.15.1.1")), world.phone("102", "127.15.1.2")
    await bob.register()
    seen = Watcher(anna, "presence", "102")
    await seen.subscribe()
    await asyncio.sleep(1)
    first = await publish(bob, document(note="in the <lab>", activity="meeting"))
    assert first.status == 200
    tag = first.header("SIP-ETag")
    await asyncio.sleep(1)
    assert "<note>in the &lt;lab&gt;</note>" in seen.bodies[-1]
    assert "<rpid:meeting/>" in seen.bodies[-1]
    second = await publish(bob, b"", f"SIP-If-Match: {tag}")
    assert second.status == 200
    assert (await publish(bob, b"", f"SIP-If-Match: {tag}")).status == 412
    tag = second.header("SIP-ETag")
    assert (await publish(bob, b"", f"SIP-If-Match: {tag}", expires=0)).status == 200
    await asyncio.sleep(1)
    assert "meeting" not in seen.bodies[-1]
    assert (await publish(bob, document(), to="101")).status == 403
    assert (await publish(bob, b"<!DOCTYPE x [<!ENTITY a 'b'>]><presence/>")).status == 400
    assert (await publish(bob, b"<presence/>")).status == 400
    assert (await publish(bob, document(), expires=1)).status == 423
    third = await publish(bob, document(note="soon gone"), expires=60)
    assert third.status == 200
    await asyncio.sleep(61)
    assert "soon gone" not in seen.bodies[-1]
    await world.settle()


async def test_a_lamp_of_a_park_slot() -> None:
    world = WatchWorld()
    anna = watching(world.phone("101", "127.15.1.1"))
    lamp = Watcher(anna, "dialog", "701")
    await lamp.subscribe()
    world.bus.publish(ParkSlotChanged("main", "701", "c1", "+48600", "102"))
    await asyncio.sleep(1)
    assert "<state>confirmed</state>" in lamp.bodies[-1]
    world.bus.publish(ParkSlotChanged("main", "701"))
    await asyncio.sleep(1)
    assert "<dialog " not in lamp.bodies[-1]
    await world.settle()


# -- MESSAGE -------------------------------------------------------------------------------------------------------


class Reader:
    """Takes MESSAGEs at a phone's user agent, or refuses them with `status`."""

    def __init__(self, phone: Phone, status: int = 200) -> None:
        self.texts: list[tuple[str, str]] = []
        self.status = status
        phone.on_request = self._take  # type: ignore[method-assign]

    def _take(self, transaction: object, request: object, source: object) -> None:
        assert request.method == "MESSAGE"  # type: ignore[attr-defined]
        self.texts.append((request.from_.uri.user, request.body.decode()))  # type: ignore[attr-defined]
        if self.status:
            transaction.respond(self.status)  # type: ignore[attr-defined]


async def send(phone: Phone, to: str, text: str, **more: str) -> int:
    from pbx.sip.client_auth import ClientCredentials

    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    phone.peer.ua.request(
        "MESSAGE",
        uri=f"sip:{to}@{DOMAIN}",
        destination=Destination("udp", PBX, 5060),
        from_=f"<sip:{more.get('user', phone.number)}@{DOMAIN}>",
        to=f"<sip:{to}@{DOMAIN}>",
        body=text.encode(),
        content_type=more.get("content_type", "text/plain"),
        credentials=ClientCredentials(more.get("user", phone.number), phone.secret),
        on_response=lambda status, _response: done.set_result(status),
    )
    return await done


async def test_a_message_reaches_a_registered_phone() -> None:
    world = WatchWorld()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    reader = Reader(bob)
    await bob.register()
    assert await send(anna, "102", "zażółć") == 200
    assert reader.texts == [("101", "zażółć")]
    reader.status = 415
    assert await send(anna, "102", "x") == 415
    assert await send(anna, "999", "x") == 404
    assert await send(anna, "102", "x" * 5000) == 413
    assert await send(anna, "102", "x", content_type="image/png") == 415
    assert await send(anna, "102", "x", user="103") == 403
    assert len(reader.texts) == 2
    assert world.presence.messages.kept == 0
    await world.settle()


async def test_a_message_waits_for_its_reader_even_over_a_restart() -> None:
    world = WatchWorld(config(messages={"max_kept_per_extension": 3}))
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    assert [await send(anna, "102", text) for text in ("one", "two", "three", "four")] == [202, 202, 202, 480]
    await world.settle()
    again = WatchWorld(world.config, world.keeper)
    assert again.presence.messages.kept == 3
    bob = again.phone("102", "127.15.1.2")
    reader = Reader(bob)
    await bob.register()
    await asyncio.sleep(1)
    assert reader.texts == [("101", "one"), ("101", "two"), ("101", "three")]
    assert not again.keeper.load("messages")
    await again.settle()


async def test_a_phone_that_does_not_answer_gets_it_later() -> None:
    world = WatchWorld()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    reader = Reader(bob, 0)
    await bob.register()
    assert await send(anna, "102", "are you there?") == 202
    reader.status = 200
    await asyncio.sleep(40)
    await bob.register()
    await asyncio.sleep(1)
    assert [text for _, text in reader.texts] == ["are you there?", "are you there?"]
    assert world.presence.messages.kept == 0
    await world.settle()


class SlowKeeper(MemoryKeeper):
    """A disk that takes two seconds, or fails."""

    def __init__(self, error: OSError | None = None) -> None:
        super().__init__()
        self._error = error

    async def keep(self, room: str, key: str, value: object) -> None:
        await asyncio.sleep(2)
        if self._error is not None:
            raise self._error
        await super().keep(room, key, value)


@pytest.mark.parametrize("registered", [True, False])
async def test_a_message_is_promised_when_it_is_on_disk_and_no_sooner(registered: bool) -> None:
    world = WatchWorld(keeper=SlowKeeper())
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    if registered:
        Reader(bob, 486)
        await bob.register()
    task = asyncio.ensure_future(send(anna, "102", "later"))
    await asyncio.sleep(1.5)
    assert not task.done()
    await asyncio.sleep(1)
    assert task.result() == 202
    assert world.presence.messages.tally.kept == 1
    await world.settle()


async def test_what_no_disk_takes_is_refused_and_forgotten() -> None:
    world = WatchWorld(keeper=SlowKeeper(OSError("the disk is full")))
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    assert await send(anna, "102", "lost?") == 503
    assert world.presence.messages.kept == 0
    reader = Reader(bob)
    await bob.register()
    await asyncio.sleep(1)
    assert not reader.texts
    await world.settle()


async def test_old_messages_go() -> None:
    world = WatchWorld(config(messages={"keep_days": 1}))
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    assert await send(anna, "102", "old") == 202
    await asyncio.sleep(90_000)
    reader = Reader(bob)
    await bob.register()
    await asyncio.sleep(1)
    assert not reader.texts
    assert world.presence.messages.tally.expired == 1
    assert not world.keeper.load("messages")
    await world.settle()


async def test_a_message_inside_a_call() -> None:
    world = WatchWorld()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    texts: list[bytes] = []
    bob.on_message = lambda session, request, handle: (texts.append(request.body), handle.respond(200))  # type: ignore[method-assign, assignment]
    statuses: list[int] = []
    anna.session.send("MESSAGE", body=b"psst", content_type="text/plain", done=statuses.append)
    await asyncio.sleep(1)
    assert (texts, statuses) == ([b"psst"], [200])
    anna.session.bye()
    await world.settle()
