"""After a transfer or a pick-up phones show whom they talk to: by UPDATE, where the phone allows it."""

from __future__ import annotations

import asyncio

import pytest

from pbx.call.testing import FakePhone
from pbx.sip import session_outgoing
from pbx.sip.parser import parse
from tests.pbx.call.sip_world import Phone, config
from tests.pbx.call.test_transfer import Trio, refer, two_calls
from tests.pbx.features.world import Company


def shown(trio: Trio, phone: Phone) -> list[str]:
    """The P-Asserted-Identity values that UPDATEs brought to `phone`."""
    sent = [data for _, to, data in trio.world.net.wire if to == phone.peer.host and data.startswith(b"UPDATE ")]
    return [parse(data).header("P-Asserted-Identity") or "" for data in sent]


async def test_both_phones_show_each_other_after_an_attended_transfer() -> None:
    trio = await Trio().register()
    to_bob, to_carol = await two_calls(trio, "in", "out")
    refer(to_bob, "103", replaces=to_carol)
    await asyncio.sleep(4)
    assert trio.heard_by(trio.bob) == {"127.15.1.3"}
    assert shown(trio, trio.bob) == ["<sip:103@centrala.local>"]
    assert shown(trio, trio.carol) == ["<sip:102@centrala.local>"]
    trio.bob.session.bye()
    await trio.world.settle()


async def test_the_name_of_an_extension_is_shown() -> None:
    trio = await Trio().register()
    trio.bob.call("103")
    await asyncio.sleep(3)
    refer(trio.carol.session, "101")
    await asyncio.sleep(4)
    assert shown(trio, trio.bob) == ['"Anna" <sip:101@centrala.local>']
    trio.bob.session.bye()
    await trio.world.settle()


@pytest.mark.parametrize("off", ["configuration", "phone"])
async def test_who_is_not_told(off: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trio = await Trio(config(transfer={"update_display": off == "phone"})).register()
    if off == "phone":  # its INVITE does not list UPDATE
        monkeypatch.setattr(session_outgoing.requests, "ALLOW_LINE", "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY")
    trio.bob.call("103")
    await asyncio.sleep(3)
    refer(trio.carol.session, "101")
    await asyncio.sleep(4)
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    assert shown(trio, trio.bob) == []
    trio.bob.session.bye()
    await trio.world.settle()


async def test_a_caller_without_number_stays_anonymous() -> None:
    trio = await Trio().register()
    trio.bob.call("103", "Privacy: id")
    await asyncio.sleep(3)
    refer(trio.carol.session, "101")
    await asyncio.sleep(4)
    assert all("102" not in value for value in shown(trio, trio.anna))
    trio.bob.session.bye()
    await trio.world.settle()


async def test_no_trunk_is_told_of_our_people() -> None:
    trio = await Trio().register()
    gateway = trio.world.phone("gw", "127.15.2.1", "x")
    trio.carol.call("0123456")
    await asyncio.sleep(3)
    refer(trio.carol.session, "102")
    await asyncio.sleep(4)
    assert shown(trio, gateway) == []
    assert shown(trio, trio.bob) != []
    gateway.session.bye()
    await trio.world.settle()


async def test_who_picks_up_is_shown_to_the_caller() -> None:
    company = Company(
        extension=[{"number": "101", "call_groups": ["a"]}, {"number": "102", "name": "Bob", "pickup_groups": ["a"]}]
    )
    phone: FakePhone = company.phone("101", answer_after_s=None)
    caller = company.dial("103", "101")
    caller.session.request = Allows()
    await company.sleep(1)
    assert phone.ringing
    picker = company.dial("102", "**101")
    await company.sleep(1)
    updates = [line for line in caller.session.headers if line.startswith("P-Asserted-Identity")]
    assert updates == ['P-Asserted-Identity: "Bob" <sip:102@centrala.local>']
    picker.hang_up()
    await company.close()


class Allows:
    """An INVITE that lists UPDATE."""

    def header(self, _name: str) -> str:
        return "INVITE, ACK, BYE, UPDATE"
