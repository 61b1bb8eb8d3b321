"""Who gets a message, when, how often, and what it says; in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.clock import VirtualClock
from pbx.contact.messaging import SmsRefused
from pbx.sms.gateway import Received
from pbx.sms.optout import Words, language_of
from pbx.sms.reassembly import MOST_OF_NUMBER, Reassembly
from pbx.sms.smpp_text import Piece, id_forms
from pbx.sms.templates import TextError, fill, links, names
from tests.pbx.sms.test_sending import in_virtual_time
from tests.pbx.sms.virtual import gateway, virtual
from tests.pbx.sms.world import NUMBER, World

pytestmark = pytest.mark.usefixtures("fakes")


async def refused(world: World, text: str = "Hello", **more: object) -> str:
    with pytest.raises(SmsRefused) as error:
        await world.send(text, **more)  # type: ignore[arg-type]
    return error.value.reason


@in_virtual_time
async def test_only_mobile_numbers_of_allowed_countries() -> None:
    world = virtual(countries=["PL", "LT"], blocked=["+48699"])
    assert await refused(world, to="+48221234567") == "not_mobile"
    assert await refused(world, to="+79161234567") == "foreign"
    assert await refused(world, to="+48699100200") == "blocked"
    assert await refused(world, to="112") == "invalid"
    assert await refused(world, to="anonymous") == "invalid"
    assert (await world.send(to="600 100-200")).number == NUMBER
    assert (await world.send(to="+37061234567")).number == "+37061234567"


@in_virtual_time
async def test_limits_of_numbers_sources_and_blocks_outlive_the_process() -> None:
    world = virtual(limits_per_number=["2/1h"], limits_per_source=["3/1d"], pumping=["4/10m"])
    await world.send()
    await world.send()
    assert await refused(world) == "limit_number"
    assert await refused(world.killed()) == "limit_number"
    await world.send(to="+48600100201")
    assert await refused(world, to="+48600100202") == "limit_source"
    await world.send(to="+48600100203", source="other")
    assert await refused(world, to="+48600109999", source="third") == "pumping"
    await world.send(to="+48600110000", source="third")
    assert len(world.store.messages) == 5, "what is refused is not kept"


@in_virtual_time
async def test_once_in_so_many_hours_for_a_template_and_a_number() -> None:
    template = {"name": "help", "text": {"pl": "Pomoc", "en": "Help"}, "once_per_h": 2}
    world = virtual(template=[template])
    assert world.store.messages[(await world.send(template="help", language="pl")).id].text == "Pomoc"
    assert await refused(world, template="help") == "once"
    await world.send("other text")
    await world.send(template="help", to="+48600100201")
    world.clock.advance(7201)  # type: ignore[attr-defined]
    assert world.store.messages[(await world.send(template="help", language="ru")).id].text == "Help"


@pytest.mark.parametrize(
    ("number", "hour", "opens"),
    [
        (NUMBER, 12, 12),  # in Warsaw
        (NUMBER, 6, 8),
        (NUMBER, 22, 32),
        ("+37061234567", 6, 7),  # Vilnius is an hour ahead
    ],
)
def test_quiet_hours_are_the_customer_s(number: str, hour: int, opens: int) -> None:
    async def run() -> None:
        world = virtual(hours="", countries=["PL", "LT"], config={"server": {"timezone": "Europe/Warsaw"}})
        midnight = datetime(2026, 10, 5, tzinfo=ZoneInfo("Europe/Warsaw")).timestamp()
        world.clock.advance(midnight + hour * 3600 - world.clock.unix())  # type: ignore[attr-defined]
        ticket = await world.send(to=number)
        message = world.store.messages[ticket.id]
        assert message.not_before == midnight + opens * 3600
        assert message.expires == message.not_before + 86_400
        urgent = await world.send(to=number, urgent=True)
        assert world.store.messages[urgent.id].not_before == world.clock.unix()

    in_virtual_time(run)()


@in_virtual_time
async def test_stop_and_start_and_other_replies() -> None:
    async with virtual(queue="sales") as world:
        for text in ("STOP", "stopp!!", "Rezygnuję"):
            await world.service.received(Received("a", "", NUMBER, "5000", text))
        await world.wait(lambda: len(gateway(world).got) == 1)
        assert gateway(world).texts[0].startswith("You will get no more"), "the server's language; once"
        assert await refused(world) == "opted_out"
        assert await refused(world.killed()) == "opted_out", "it outlives the process"
        await world.service.received(Received("a", "", NUMBER, "5000", "start"))
        await world.wait(lambda: len(gateway(world).got) == 2)
        await world.send("welcome back")
        await world.service.received(Received("a", "", "600 100 200", "5000", "Please stop by\x00 tomorrow"))
        assert [(each.number, each.queue, each.kind.value) for each in world.opened] == [(NUMBER, "sales", "sms")]
        inbound = list(world.store.inbox.values())[-1]
        assert (inbound.text, inbound.what, inbound.contact) == ("Please stop by  tomorrow", "text", "contact-1")
        assert world.service.figures().received == {"text": 1, "stop": 3, "start": 1}


def test_words_of_three_languages() -> None:
    words = Words(virtual_settings())
    for text in ("STOP", " Stop. ", "стоп", "СТОП!", "rezygnuje", "REZYGNUJĘ", "отписаться", "stop please thanks"):
        assert words.what(text) == "stop", text
    for text in ("start", "СТАРТ", "Wznów"):
        assert words.what(text) == "start", text
    for text in ("", "stopień", "nie stop", "stop the delivery on Monday, I am away", "start the car"):
        assert words.what(text) == "text", text
    assert [language_of(text) for text in ("СТОП", "rezygnuję", "STOP", "")] == ["ru", "pl", "", ""]


def virtual_settings() -> object:
    from pbx.config_sms import Sms

    return Sms()


def test_texts_with_names_and_links() -> None:
    text = "{queue}: {price|money:PLN}, {{{name|default:Ty}}} {link:https://a.pl/b?c=d}"
    assert names(text) == ["queue", "price"]
    assert links(text) == ["https://a.pl/b?c=d"]
    filled = fill(text, {"queue": "sales", "price": 12.5}, "pl", lambda url: f"<{len(url)}>")
    assert filled.startswith("sales: 12,50")
    assert "{Ty}" in filled
    for wrong in ("{", "{a b}", "{name|nothing}", "}"):
        with pytest.raises(TextError):
            names(wrong)
    with pytest.raises(TextError, match="queue"):
        fill(text, {}, "pl", str)


@in_virtual_time
async def test_a_text_with_a_name_that_nobody_knows_is_refused() -> None:
    world = virtual(template=[{"name": "t", "text": {"en": "Hi {who}"}}])
    assert await refused(world, template="t") == "variables"
    assert await refused(world, template="none") == "template"
    assert await refused(world, "") == "text"
    await world.send(template="t", variables={"who": "Ann"})


async def test_parts_wait_for_each_other_over_a_restart_and_cannot_pile_up() -> None:
    clock, keeper = VirtualClock(datetime(2026, 10, 5, tzinfo=UTC).timestamp()), MemoryKeeper()
    first = Reassembly(clock, keeper)
    assert await first.add("a", NUMBER, "5000", Piece(7, 3, 3, b"c", 0)) is None
    assert await first.add("a", NUMBER, "5000", Piece(7, 3, 1, b"a", 0)) is None
    second = Reassembly(clock, keeper)
    assert await second.add("a", "+48600", "5000", Piece(7, 3, 2, b"x", 0)) is None, "another customer's"
    whole = await second.add("a", NUMBER, "5000", Piece(7, 3, 2, b"b", 0))
    assert whole is not None
    assert whole.data == b"abc"
    await second.done(whole)
    for reference in range(MOST_OF_NUMBER + 30):
        await second.add("a", NUMBER, "5000", Piece(reference, 2, 1, b"a", 0))
    assert len(keeper.load("sms_parts")) == MOST_OF_NUMBER + 1
    clock.advance(90_000)
    await second.add("a", NUMBER, "5000", Piece(1, 2, 1, b"a", 0))
    assert len(keeper.load("sms_parts")) == 1, "the rest is too old"


def test_ids_of_receipts_in_other_forms() -> None:
    assert id_forms("1001")[:2] == ["1001", "3e9"]
    assert "1001" in id_forms("3E9")
    assert id_forms("0a-1") == ["0a-1"]
