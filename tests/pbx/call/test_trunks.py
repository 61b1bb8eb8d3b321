"""Calls out: which trunk, what it is told, what happens when it fails, what it costs, and emergencies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.trunks.ledger import Caps, Ledger
from pbx.call.trunks.reroute import is_trunks_fault, q850_cause
from pbx.config import Config, Trunk
from pbx.events import Alarm, Kind
from tests.pbx.call.sip_world import BASIC, World
from tests.pbx.call.sip_world import Phone as WorldPhone

FIRST, SECOND = "127.15.3.1", "127.15.4.1"
CAROL = "127.15.1.3"


def trunks(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None, **more: Any) -> Config:
    """Two carriers that one route tries one after the other."""
    tables: dict[str, Any] = {
        "trunk": [
            {"name": "first", "host": FIRST, **(first or {})},
            {"name": "second", "host": SECOND, **(second or {})},
        ],
        "route": [{"match": "0", "trunks": ["first", "second"], "strip": 1}],
    }
    return Config.model_validate({**BASIC, **tables, **more})


def carrier(world: World, host: str = FIRST) -> WorldPhone:
    phone = world.phone("000", host, "")
    phone.secret = ""
    return phone


def reached(phone: WorldPhone) -> list[Any]:
    return [event[1] for event in phone.events if event[0] == "invite"]


async def talk(world: World, number: str, seconds: float = 3.0, host: str = CAROL) -> WorldPhone:
    carol = world.phone("103", host)
    carol.call(number)
    await asyncio.sleep(seconds)
    return carol


# -- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [503, 500, 403, 408])
async def test_a_trunk_at_fault_is_followed_by_the_next(status: int) -> None:
    world = World(trunks())
    first, second = carrier(world), carrier(world, SECOND)
    first.refuse = status
    carol = await talk(world, "0500100200")
    assert carol.names()[-1] == "answer"
    assert len(reached(first)) == len(reached(second)) == 1
    failed = world.last(Kind.TRUNK_FAILED)
    assert failed == {"trunk": "first", "sip_status": status, "q850": 0, "next_trunk": "second"}
    assert world.services.limits.in_use("trunk:first") == 0
    assert world.services.limits.in_use("trunk:second") == 1
    carol.session.bye()
    await world.settle()


@pytest.mark.parametrize("status", [486, 404, 480, 603])
async def test_what_the_called_party_says_is_final(status: int) -> None:
    world = World(trunks())
    first, second = carrier(world), carrier(world, SECOND)
    first.refuse = status
    carol = await talk(world, "0500100200")
    assert carol.events[-1][:2] == ("failure", status)
    assert not reached(second)
    await world.settle()


async def test_a_trunk_that_does_not_respond_is_left_after_its_time() -> None:
    world = World(trunks({"response_timeout_s": 2.0}))
    second = carrier(world, SECOND)
    carol = await talk(world, "0500100200", 1.9)
    assert not reached(second)
    await asyncio.sleep(2)
    assert carol.names()[-1] == "answer"
    assert world.services.trunks.get("first").health.state == "unknown", "one call alone is no proof"
    carol.session.bye()
    await world.settle()


async def test_the_last_failure_is_the_callers() -> None:
    world = World(trunks())
    first, second = carrier(world), carrier(world, SECOND)
    first.refuse, second.refuse = 503, 486
    carol = await talk(world, "0500100200")
    assert carol.events[-1][:2] == ("failure", 486)
    await world.settle()


async def test_a_full_trunk_is_passed_over() -> None:
    world = World(trunks({"max_calls": 1}))
    first, second = carrier(world), carrier(world, SECOND)
    one = await talk(world, "0500100200")
    other = world.phone("103", "127.15.1.4")
    other.call("0500100201")
    await asyncio.sleep(3)
    assert len(reached(first)) == len(reached(second)) == 1
    for phone in (one, other):
        phone.session.bye()
    await world.settle()


async def test_a_caller_who_hangs_up_while_the_second_trunk_rings() -> None:
    world = World(trunks())
    first, second = carrier(world), carrier(world, SECOND)
    first.refuse, second.ring_s = 503, None
    carol = await talk(world, "0500100200")
    carol.session.cancel()
    await asyncio.sleep(1)
    assert second.names()[-1] == "cancelled"
    await world.settle()


class _Response:
    def __init__(self, *reasons: str) -> None:
        self._reasons = reasons

    def headers(self, name: str) -> list[str]:
        return list(self._reasons) if name == "Reason" else []


def test_the_q850_cause_of_a_reason_decides() -> None:
    plain = Trunk(name="t")
    assert q850_cause(_Response('SIP;cause=503, Q.850;cause=34;text="x"')) == 34  # type: ignore[arg-type]
    assert q850_cause(_Response('Q.850 ;text="busy"; cause=17')) == 17  # type: ignore[arg-type]
    assert q850_cause(_Response("SIP;cause=200")) == q850_cause(None) == 0  # type: ignore[arg-type]
    assert not is_trunks_fault(plain, 503, 17), "busy, whatever the status"
    assert is_trunks_fault(plain, 480, 34), "no circuit, whatever the status"
    assert not is_trunks_fault(plain, 486, 0)
    own = Trunk(name="t", reroute_statuses=[486], reroute_causes=[])
    assert is_trunks_fault(own, 486, 0)
    assert not is_trunks_fault(own, 503, 34)


# -- what the carrier is told ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("dialled", "600100200"),
        ("+e164", "+48600100200"),
        ("e164", "48600100200"),
        ("00e164", "0048600100200"),
        ("national", "600100200"),
    ],
)
async def test_numbers_are_written_as_the_carrier_wants(form: str, expected: str) -> None:
    world = World(trunks({"number_format": form, "caller_id": "+48221112233"}, numbering={"country": "PL"}))
    first = carrier(world)
    carol = await talk(world, "0600100200")
    invite = reached(first)[0]
    assert invite.uri == f"sip:{expected}@{FIRST}"
    caller = {"e164": "48221112233", "00e164": "0048221112233", "national": "221112233"}.get(form, "+48221112233")
    assert invite.from_.uri.user == caller
    carol.session.bye()
    await world.settle()


async def test_the_prefix_of_a_carrier_and_the_russian_form() -> None:
    world = World(
        trunks({"number_format": "local", "number_prefix": "9", "country": "RU"}, numbering={"country": "RU"})
    )
    first = carrier(world)
    carol = await talk(world, "0+74951234567")
    carol.session.bye()
    await asyncio.sleep(1)
    carol.call("0+48221234567")
    await asyncio.sleep(3)
    assert [invite.uri for invite in reached(first)] == [f"sip:984951234567@{FIRST}", f"sip:981048221234567@{FIRST}"]
    carol.session.bye()
    await world.settle()


async def shown(settings: Config, number: str = "0500100200") -> Any:
    """The INVITE that the first carrier gets."""
    world = World(settings)
    first = carrier(world)
    carol = await talk(world, number)
    carol.session.bye()
    await world.settle()
    return reached(first)[0]


def with_extension(**more: Any) -> list[dict[str, Any]]:
    return [*BASIC["extension"][:2], {**BASIC["extension"][2], **more}]


async def test_the_number_of_the_extension_comes_before_the_trunks() -> None:
    invite = await shown(trunks({"caller_id": "+48220000000"}, extension=with_extension(caller_id="+48600700800")))
    assert invite.from_.uri.user == "+48600700800"
    assert "sip:+48600700800@" in invite.header("Contact")


async def test_the_number_of_a_tag_comes_before_the_extensions() -> None:
    settings = trunks(
        extension=with_extension(caller_id="+48600700800"),
        caller_id=[{"tag": "spring", "number": "+48600999888", "name": "Spring"}],
    )
    world = World(settings)
    first = carrier(world)

    async def application(call: Any) -> None:
        call.variables["tag"] = "spring"
        await call.dial("0500100200", timeout_s=10)

    world.services.applications.register_one("test", application)
    settings.number[0].application = "test"
    carol = await talk(world, "601")
    assert reached(first)[0].from_.uri.user == "+48600999888"
    assert reached(first)[0].from_.display == "Spring"
    carol.session.bye()
    await world.settle()


async def test_a_number_that_the_carrier_does_not_accept_is_not_shown() -> None:
    first = {"caller_ids": ["+4822*"], "caller_id": "+48220000000"}
    invite = await shown(trunks(first, extension=with_extension(caller_id="+48600700800")))
    assert invite.from_.uri.user == "+48220000000"
    invite = await shown(trunks(first, extension=with_extension(caller_id="+48223334455")))
    assert invite.from_.uri.user == "+48223334455"


@pytest.mark.parametrize(
    ("how", "header"),
    [
        ("p-asserted-identity", "P-Asserted-Identity"),
        ("p-preferred-identity", "P-Preferred-Identity"),
        ("remote-party-id", "Remote-Party-ID"),
    ],
)
async def test_a_withheld_number_is_told_to_the_carrier_alone(how: str, header: str) -> None:
    first = {"identity": how, "caller_id": "+48220000000"}
    open_ = await shown(trunks(first))
    assert "+48220000000" in open_.header(header)
    assert open_.header("Privacy") is None
    hidden = await shown(trunks(first), "*310500100200")
    assert hidden.uri == f"sip:500100200@{FIRST}"
    assert hidden.header("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert "+48220000000" in hidden.header(header)
    assert hidden.header("Privacy") == "id"
    assert "48220000000" not in hidden.header("Contact")


async def test_an_extension_may_always_withhold_its_number() -> None:
    hidden = await shown(trunks(extension=with_extension(withhold_number=True, caller_id="+48600700800")))
    assert hidden.header("Privacy") == "id"
    assert b"48600700800" not in hidden.data


async def test_the_code_withholds_the_number_from_other_phones_too() -> None:
    world = World(trunks())
    bob = world.phone("102", "127.15.1.2")
    assert (await bob.register()).status == 200
    carol = await talk(world, "*31102")
    invite = reached(bob)[0]
    assert invite.from_.uri.user == "anonymous"
    assert b"sip:103" not in invite.data
    carol.session.bye()
    await world.settle()


# -- money ------------------------------------------------------------------------------------------------------------


def priced(tmp_path: Any, rows: str) -> str:
    path = tmp_path / "rates.csv"
    path.write_text(f"prefix,price_per_minute,first_s,increment_s\n{rows}\n")
    return str(path)


async def test_the_cheapest_trunk_of_the_longest_prefix_is_first(tmp_path: Any) -> None:
    cheap = tmp_path / "cheap.csv"
    cheap.write_text("prefix;price_per_minute\n48;0,05\n4860;0,20\n")
    settings = trunks(
        {"rates": priced(tmp_path, "48,0.10,1,1")},
        {"rates": str(cheap)},
        numbering={"country": "PL"},
        route=[{"match": "0", "trunks": ["first", "second"], "order": "cost", "strip": 1}],
    )
    world = World(settings)
    first, second = carrier(world), carrier(world, SECOND)
    carol = await talk(world, "0221234567")
    assert len(reached(second)) == 1, "0.05 before 0.10"
    carol.session.bye()
    await asyncio.sleep(1)
    carol.call("0600100200")
    await asyncio.sleep(3)
    assert len(reached(first)) == 1, "0.10 before the 0.20 of mobiles"
    carol.session.bye()
    await world.settle()


async def test_a_call_is_cut_when_the_money_of_its_trunk_is_spent(tmp_path: Any) -> None:
    world = World(trunks({"rate_per_minute": 0.6, "money_per_day": 0.25, "currency": "PLN"}))
    first, second = carrier(world), carrier(world, SECOND)
    carol = await talk(world, "0500100200", 60)
    assert carol.names()[-1] == "ended", "0.25 pays for 25 seconds"
    charged = world.last(Kind.LEG_CHARGED)
    assert charged == {"trunk": "first", "cost": 0.25, "currency": "PLN", "seconds": 25}
    assert world.last(Kind.CALL_ENDED)["cause"] == "spend_cap"
    carol.call("0500100200")
    await asyncio.sleep(3)
    assert len(reached(first)) == len(reached(second)) == 1, "what is spent is spent: the other trunk takes it"
    carol.session.bye()
    await world.settle()


async def test_an_extension_that_has_spent_its_money_is_refused() -> None:
    first = {"rate_per_minute": 1.0}
    world = World(trunks(first, first, extension=with_extension(outbound_money_per_month=0.1)))
    carrier(world)
    carol = await talk(world, "0500100200", 30)
    assert world.last(Kind.BRIDGE_ENDED)["talk_s"] == pytest.approx(5.75, abs=0.1)
    carol.call("0500100200")
    await asyncio.sleep(2)
    assert carol.events[-1][:2] == ("failure", 403)
    assert world.last(Kind.CALL_ENDED)["cause"] == "spend_cap"
    await world.settle()


async def test_calls_at_the_same_time_share_what_is_left() -> None:
    world = World(trunks({"rate_per_minute": 0.6, "money_per_day": 0.5}))
    carrier(world)
    first, second = world.phone("103", CAROL), world.phone("103", "127.15.1.4")
    first.call("0500100200")
    second.call("0500100201")
    await asyncio.sleep(80)
    spent = world.services.ledger.spent("trunk:first")
    assert spent.day_money == 500_000
    assert spent.day_s == pytest.approx(50, abs=1.5)
    await world.settle()


async def test_a_number_without_a_price_is_not_called_where_money_is_capped(tmp_path: Any) -> None:
    first = {"rates": priced(tmp_path, "48,0.10,1,1"), "money_per_day": 5.0}
    world = World(trunks(first, route=[{"match": "0", "trunk": "first", "strip": 1}]))
    carrier(world)
    carol = await talk(world, "0+88216123456")
    assert carol.events[-1][:2] == ("failure", 403)
    await world.settle()


async def test_what_was_spent_is_known_after_a_restart() -> None:
    keeper, world = MemoryKeeper(), World()
    ledger = Ledger(world.clock, keeper)
    ledger.charge("extension:101", 30.0, 250_000)
    ledger.charge("extension:101", -5.0, -50_000)
    again = Ledger(world.clock, keeper)
    again.cap("extension:101", Caps(60, 1_000_000, 300_000))
    assert again.spent("extension:101") == (25.0, 200_000, 200_000)
    assert again.left_s("extension:101") == 35
    assert again.left_money("extension:101") == 100_000
    await asyncio.sleep(86_400)
    assert again.spent("extension:101") == (0.0, 0, 200_000), "a new day of the same month"
    await asyncio.sleep(31 * 86_400)
    assert again.left_money("extension:101") == 300_000
    await world.settle()


# -- emergencies ------------------------------------------------------------------------------------------------------


async def test_an_emergency_call_needs_no_right_and_ends_another_when_all_is_full() -> None:
    sites = [{"name": "hq", "emergency_caller_id": "+48221112200", "location": "Prosta 1, Warsaw, 3rd floor"}]
    extensions = [{**BASIC["extension"][0], "site": "hq"}, *BASIC["extension"][1:]]
    settings = trunks({"max_calls": 1}, {"max_calls": 1}, site=sites, extension=extensions, sip={"max_calls": 2})
    world = World(settings)
    first, second = carrier(world), carrier(world, SECOND)
    older, newer = world.phone("103", CAROL), world.phone("103", "127.15.1.4")
    older.call("0500100200")
    await asyncio.sleep(2)
    newer.call("0500100201")
    await asyncio.sleep(2)
    anna = world.phone("101", "127.15.1.1")
    anna.call("112")
    await asyncio.sleep(3)
    assert anna.names()[-1] == "answer"
    assert older.names()[-1] == "ended", "the only other call on the first trunk made room"
    assert newer.names()[-1] == "answer"
    invite = reached(first)[-1]
    assert invite.uri == f"sip:112@{FIRST}"
    assert invite.from_.uri.user == "+48221112200"
    told = world.last(Kind.EMERGENCY)
    assert (told["extension"], told["site"], told["location"]) == ("101", "hq", "Prosta 1, Warsaw, 3rd floor")
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert alarms[-1].active
    assert "3rd floor" in alarms[-1].text
    anna.session.bye()
    newer.session.bye()
    await asyncio.sleep(1)
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert not alarms[-1].active
    assert len(reached(second)) == 1
    await world.settle()


async def test_an_emergency_call_goes_by_whichever_trunk_takes_it() -> None:
    world = World(trunks({"rate_per_minute": 1.0, "money_per_day": 0.001}, emergency={"trunks": ["second"]}))
    first, second = carrier(world), carrier(world, SECOND)
    second.refuse = 503
    anna = world.phone("101", "127.15.1.1")
    anna.call("0112")
    await asyncio.sleep(30)
    assert anna.names()[-1] == "answer", "no cap ends it, and the outside prefix does not hide it"
    assert len(reached(second)) == len(reached(first)) == 1
    anna.session.bye()
    await world.settle()
