"""Calls out: which trunk, what it is told, and what happens when it fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.trunks.reroute import is_trunks_fault, q850_cause
from pbx.config import Config, Trunk
from pbx.events import Kind
from tests.pbx.call.sip_world import World
from tests.pbx.call.trunk_world import FIRST, SECOND, carrier, reached, talk, trunks, with_extension

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
