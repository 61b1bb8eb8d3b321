"""Who may call in, from where callers are, and what is known of the number they dialled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.identity import clean_number
from pbx.call.keeping import MemoryKeeper
from pbx.call.regions import Origin, Regions
from pbx.call.screening import Screening, ScreeningError, clean_pattern
from pbx.call.testing import LoopClock
from pbx.config import Config
from pbx.config import Screening as ScreeningConfig
from pbx.events import Kind
from pbx.numbers.range_files import read_ranges
from tests.pbx.call.sip_world import BASIC, World

CALLER = "+48600100200"
DID = "+48221112233"


def inbound(**more: Any) -> World:
    number = {
        "number": DID,
        "application": "echo",
        "trunks": ["carrier"],
        "internal": False,
        "tag": "spring",
        "campaign": "tractors",
        "medium": "billboard",
    }
    return World(Config.model_validate({**BASIC, "number": [number], **more}))


async def call_in(world: World, from_: str = f"<sip:{CALLER}@carrier>", *headers: str, number: str = DID) -> Any:
    """A caller of the carrier; the phone that it is, two seconds later."""
    phone = world.phone("000", f"127.15.2.{10 + len(world.net.peers)}")
    phone.secret = ""
    phone.call(number, *headers, from_=from_)
    await asyncio.sleep(2)
    return phone


async def test_a_blocked_caller_is_refused_and_the_record_says_why() -> None:
    world = inbound()
    screening = world.services.inbound.screening
    screening.add("block", CALLER, reason="60 calls in an hour")
    phone = await call_in(world)
    assert phone.events[-1][:2] == ("failure", 603)
    assert world.journey() == [Kind.CALL_STARTED, Kind.SCREENED, Kind.CALL_ENDED]
    assert world.last(Kind.SCREENED) == {"pattern": CALLER, "action": "reject", "reason": "60 calls in an hour"}
    assert world.last(Kind.CALL_ENDED)["cause"] == "blocked"
    assert screening.remove(CALLER)
    phone = await call_in(world)
    assert phone.names()[-1] == "answer"
    phone.session.bye()
    await world.settle()


async def test_a_block_ends_by_itself() -> None:
    world = inbound()
    world.services.inbound.screening.add("block", "+4860*", for_s=60)
    assert (await call_in(world)).events[-1][:2] == ("failure", 603)
    await asyncio.sleep(60)
    phone = await call_in(world)
    assert phone.names()[-1] == "answer"
    assert not world.services.inbound.screening.entries()
    phone.session.bye()
    await world.settle()


async def test_an_announcement_is_heard_before_the_refusal() -> None:
    world = inbound(screening={"announcement": {"en": "Not you."}})
    world.services.inbound.screening.add("block", CALLER, action="announce")
    phone = await call_in(world)
    await asyncio.sleep(10)
    assert ("progress", 183) in [event[:2] for event in phone.events]
    assert phone.events[-1][:2] == ("failure", 603), "he never pays for it"
    assert world.last(Kind.SCREENED)["action"] == "announce"
    await world.settle()


async def test_a_suspect_may_be_led_into_a_flow() -> None:
    world = inbound()
    heard: list[str] = []

    async def captcha(call: Any) -> None:
        heard.append(call.did)
        await call.answer()

    world.services.applications.register("flow", lambda name: captcha if name == "captcha" else None)
    world.services.inbound.screening.add("block", CALLER, action="flow:captcha")
    await call_in(world)
    assert heard == [DID]
    await world.settle()


@pytest.mark.parametrize(
    ("from_", "headers"),
    [
        ("<sip:anonymous@anonymous.invalid>", ()),
        (f"<sip:{CALLER}@carrier>", ("Privacy: id",)),
        ("<sip:anonymous@anonymous.invalid>", (f"P-Asserted-Identity: <sip:{CALLER}@carrier>", "Privacy: id")),
    ],
)
async def test_withheld_numbers_follow_the_policy(from_: str, headers: tuple[str, ...]) -> None:
    world = inbound()
    phone = await call_in(world, from_, *headers)
    assert phone.names()[-1] == "answer"
    assert world.last(Kind.CALL_STARTED)["caller"] == "anonymous"
    phone.session.bye()
    await world.settle()
    world = inbound(screening={"anonymous": "reject"})
    phone = await call_in(world, from_, *headers)
    assert phone.events[-1][:2] == ("failure", 603)
    assert world.last(Kind.SCREENED)["pattern"] == "anonymous"
    await world.settle()


async def test_who_is_allowed_is_let_in_though_the_number_is_withheld() -> None:
    world = inbound(screening={"anonymous": "reject"})
    world.services.inbound.screening.add("allow", "+48600*")
    phone = await call_in(
        world, "<sip:anonymous@anonymous.invalid>", f"P-Asserted-Identity: <sip:{CALLER}@carrier>", "Privacy: id"
    )
    assert phone.names()[-1] == "answer"
    phone.session.bye()
    await world.settle()


async def test_what_the_carrier_asserts_is_believed_of_trusted_trunks_only() -> None:
    for trust, caller in ((True, "+48777888999"), (False, CALLER)):
        carrier = {**BASIC["trunk"][0], "trust_identity": trust}
        world = inbound(trunk=[carrier])
        phone = await call_in(world, f"<sip:{CALLER}@carrier>", "P-Asserted-Identity: <tel:+48777888999>")
        assert world.last(Kind.CALL_STARTED)["caller"] == caller
        phone.session.bye()
        await world.settle()


def test_the_lists_outlive_the_process_and_take_patterns_only() -> None:
    keeper, clock = MemoryKeeper(), _Clock()
    lists = Screening(ScreeningConfig(), clock, keeper)
    lists.add("block", "+48 (600) 100-200", reason="x", for_s=100)
    lists.add("block", "+4870*")
    lists.add("allow", "48700111222")
    again = Screening(ScreeningConfig(), clock, keeper)
    assert {(entry.side, entry.pattern) for entry in again.entries()} == {
        ("block", CALLER),
        ("block", "+4870*"),
        ("allow", "48700111222"),
    }
    assert again.judge(CALLER, withheld=False) is not None
    assert again.judge("+48701222333", withheld=False) is not None
    assert again.judge("+48700111222", withheld=False) is None, "allowed, whatever else blocks it"
    assert again.judge("+48221234567", withheld=False) is None
    clock.now += 101
    assert again.judge(CALLER, withheld=False) is None
    assert CALLER not in {entry.pattern for entry in Screening(ScreeningConfig(), clock, keeper).entries()}
    for wrong in ("", "*", "anna", "+48;DROP", "+4860*0", "4" * 30):
        with pytest.raises(ScreeningError):
            clean_pattern(wrong)


class _Clock(LoopClock):
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def unix(self) -> float:
        return self.now


# -- origin -----------------------------------------------------------------------------------------------------------

REGISTER = """АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН
916;0000000;1999999;2000000;ПАО "МТС";г. Москва и Московская область;1
921;0000000;4999999;5000000;ПАО "МегаФон";г. Санкт-Петербург;2
"""
OWN = "from,to,region,operator\n48221110000,48221119999,Warszawa,Orange\n+48600000000,+48609999999,PL mobile,Plus\n"


def test_origins_by_ranges_and_plan() -> None:
    regions = Regions("RU", "ru", read_ranges([("def", REGISTER)]))
    assert regions.origin("+79161234567") == Origin("RU", "г. Москва и Московская область", "mobile", 'ПАО "МТС"')
    assert regions.origin("89215000001") == Origin("RU", "", "mobile")
    regions.take_names({"7495": {"ru": "Москва"}})
    assert regions.origin("84951234567") == Origin("RU", "Москва", "fixed")
    assert regions.origin("88005553535").kind == "toll_free"
    assert regions.origin("anonymous") == Origin()
    assert Regions("", "en").origin("+79161234567") == Origin(), "without a country of our own nothing is asked"


@pytest.mark.parametrize("number", ["+48221112233", "221112233", "48221112233", "0048221112233"])
async def test_a_call_tells_where_it_is_from_and_what_was_dialled(number: str, tmp_path: Any) -> None:
    ranges = tmp_path / "ranges.csv"
    ranges.write_text(OWN)
    world = inbound(numbering={"country": "PL", "ranges": [str(ranges)]})
    phone = await call_in(world, "<sip:600100200@carrier>", number=number)
    assert phone.names()[-1] == "answer"
    started = world.last(Kind.CALL_STARTED)
    assert started["caller"] == CALLER
    assert started["did"] == number
    more = {
        key: started[key] for key in ("tag", "campaign", "medium", "caller_country", "caller_region", "caller_type")
    }
    assert more == {
        "tag": "spring",
        "campaign": "tractors",
        "medium": "billboard",
        "caller_country": "PL",
        "caller_region": "PL mobile",
        "caller_type": "mobile",
    }
    phone.session.bye()
    await world.settle()


@pytest.mark.parametrize(
    "number", ["+48-22-111.22(33)", "%2B4822%31112233", "221112233;phone-context=+48", "+48221112233;isub=1"]
)
async def test_numbers_with_separators_escapes_and_a_context_are_the_same_numbers(number: str) -> None:
    world = inbound(numbering={"country": "PL"})
    phone = await call_in(world, "<sip:+48-600-100-200;phone-context=example.com@carrier>", number=number)
    assert phone.names()[-1] == "answer"
    assert world.last(Kind.CALL_STARTED)["caller"] == CALLER
    phone.session.bye()
    await world.settle()


def test_only_the_digits_of_a_global_number_are_taken_together() -> None:
    assert clean_number("+48 600-100.200;ext=7") == CALLER
    assert clean_number("desk-1.north") == "desk-1.north"
    assert clean_number("*72101") == "*72101"


async def test_ranges_of_numbers_lead_to_one_place() -> None:
    entry = {"number": "+48221112200", "last": "+48221112299", "application": "echo", "trunks": ["carrier"], "tag": "r"}
    world = inbound(number=[entry])
    for number, status in (("+48221112200", "answer"), ("+48221112299", "answer"), ("+48221112300", "failure")):
        phone = await call_in(world, number=number)
        assert phone.names()[-1] == status, number
        phone.session.bye()
        await asyncio.sleep(1)
    assert world.last(Kind.CALL_ENDED)["sip_status"] == 404
    await world.settle()


async def test_what_a_call_to_a_number_costs_is_in_its_record() -> None:
    entry = {"number": DID, "application": "echo", "trunks": ["carrier"], "cost_per_call": 1.5}
    world = inbound(number=[entry])
    phone = await call_in(world)
    assert world.last(Kind.LEG_CHARGED)["cost"] == 1.5
    phone.session.bye()
    await world.settle()
