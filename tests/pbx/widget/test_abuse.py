"""What strangers may not do: guess, flood, call abroad, spend; and that a restart forgets none of it."""

from __future__ import annotations

import asyncio

import pytest

from pbx.contact.callback_request import RequestRefused
from pbx.widget.wish import Visitor, Wish
from tests.pbx.callback.world import EWA, JAN
from tests.pbx.widget.shop import ORIGIN, Shop

SILENT: dict[str, dict[str, object]] = {"201": {"answer_after_s": None}}


async def refused(shop: Shop, number: str = JAN, address: str = "192.0.2.1", **more: object) -> str:
    with pytest.raises(RequestRefused) as error:
        await shop.ask(number, address, **more)
    return error.value.reason


async def test_numbers_that_nobody_calls() -> None:
    shop = await Shop(SILENT, widget={"work_free": 100}, extension=[{"number": "101", "secret": "x" * 12}]).start()
    for address, (number, reason) in enumerate(
        (
            ("+48701234567", "premium"),
            ("+4915112345678", "foreign"),
            ("112", "invalid"),
            ("101", "invalid"),
            ("12", "invalid"),
        )
    ):
        assert await refused(shop, number, f"192.0.2.{address}") == reason, number
    assert shop.world.book.open_items() == []
    await shop.close()


async def test_distinct_numbers_of_a_visitor_survive_a_restart() -> None:
    shop = await Shop(SILENT).start()
    for last in range(3):
        await shop.ask(f"+4860010020{last}")
    assert await refused(shop, "+48600100203") == "limit_visitor"
    await shop.close()
    after = await Shop(SILENT, store=shop.store, keeper=shop.keeper, contacts=shop.world.store).start()
    assert await refused(after, "+48600100203") == "limit_visitor"
    await after.ask("+48600100203", "198.51.100.7")
    await after.close()


async def test_an_address_has_five_in_ten_minutes() -> None:
    shop = await Shop(SILENT, widget={"limits_per_visitor": ["50/60m"]}).start()
    for last in range(5):
        await shop.ask(f"+4860010020{last}", "2001:db8::1")
    assert await refused(shop, "+48600100208", "2001:db8::2") == "limit_source", "its neighbour is the same subscriber"
    for last in range(5):
        await shop.world.sleep(601)
        await shop.ask(f"+4860010021{last}", "2001:db8::2")
    await shop.world.sleep(540)
    assert await refused(shop, "+48600100208", "2001:db8::2") == "limit_source", "ten an hour"
    await shop.world.sleep(65)
    await shop.ask("+48600100208", "2001:db8::2")
    await shop.close()


async def test_a_number_has_three_an_hour_and_a_restart_forgets_none() -> None:
    shop = await Shop(SILENT, widget={"work_free": 1000}).start()
    for turn in range(3):
        token, _ = await shop.ask(JAN, f"192.0.2.{turn}", visit="v1")
        await shop.service.cancel(await shop.row(token))
    assert await refused(shop, JAN, "198.51.100.1", visit="v1") == "limit_number"
    await shop.close()
    after = await Shop(SILENT, store=shop.store, keeper=shop.keeper, contacts=shop.world.store).start()
    assert await refused(after, JAN, "198.51.100.2", visit="v1") == "limit_number"
    await after.ask(EWA, "198.51.100.2", visit="v1")
    await after.close()


async def test_limits_hold_for_requests_of_one_moment() -> None:
    shop = await Shop(SILENT, widget={"requests_per_day": 3, "limits_per_visitor": ["2/60m"]}).start()
    several = [f"+4860010020{last}" for last in range(4)]
    asked = await asyncio.gather(*(shop.ask(number) for number in several), return_exceptions=True)
    assert [str(getattr(each, "reason", "taken")) for each in asked] == ["taken"] * 2 + ["limit_visitor"] * 2
    asked = await asyncio.gather(*(shop.ask(EWA, f"198.51.100.{n}") for n in range(3)), return_exceptions=True)
    assert sorted(str(getattr(each, "reason", "taken")) for each in asked) == ["limit_day", "limit_day", "taken"]
    await shop.close()


async def test_the_same_request_twice_in_one_moment_is_one() -> None:
    shop = await Shop(SILENT, widget={"work_bits": 0}).start()
    wishes = [shop.body(JAN, id="0" * 32) for _ in range(2)]
    visitor = Visitor(ORIGIN, "192.0.2.1", "Browser/1")
    asked = await asyncio.gather(
        *(shop.service.request(shop.desk, Wish.model_validate(wish), visitor) for wish in wishes)
    )
    assert asked[0] == asked[1]
    await shop.close()


async def test_what_a_page_says_of_itself_is_one_plain_line() -> None:
    shop = await Shop(SILENT).start()
    token, _ = await shop.ask(page="https://shop.example/\x1b]0;a\x07b\u202ec\r\nd", visit="v\x9b1")
    row = await shop.row(token)
    assert (row.page, row.visit) == ("https://shop.example/]0;abcd", "v1")
    assert shop.world.book.open_items()[0].source["page"] == row.page
    await shop.close()


async def test_one_open_request_of_a_number() -> None:
    shop = await Shop(SILENT).start()
    await shop.ask(visit="v1")
    assert await refused(shop, address="198.51.100.7", visit="v2") == "open"
    await shop.ask(visit="v1")
    assert len(shop.world.book.open_items()) == 1
    await shop.ask(EWA, visit="v2")
    await shop.close()


async def test_work_counts_once_and_costs_more_in_a_flood() -> None:
    shop = await Shop(SILENT, widget={"work_free": 4, "limits_per_visitor": ["90/60m"]}).start()
    body = shop.body(JAN)
    await shop.ask(work=body["work"])
    assert await refused(shop, JAN, id="1" * 32, work=body["work"], visit="") == "stale", "the challenge is spent"
    wrong = shop.body(EWA, "198.51.100.1")["work"]
    assert await refused(shop, "+48600100204", "198.51.100.1", work={**wrong, "counter": 10**9}) == "work"
    assert await refused(shop, work={"challenge": "30.1.x.y", "counter": 1}) == "stale", "not ours"
    quiet = shop.desk.work.bits("203.0.113.1")
    for last in range(8):
        await shop.ask(f"+4860010021{last}", f"203.0.113.{last + 10}")
    assert shop.desk.work.bits("203.0.113.1") >= quiet + 1
    assert shop.desk.work.bits("203.0.113.10") >= quiet + 2, "who asked a moment ago pays more"
    await shop.world.sleep(700)
    assert shop.desk.work.bits("203.0.113.10") == 4
    await shop.close()


async def test_the_day_has_a_limit_of_requests_and_money() -> None:
    shop = await Shop(SILENT, widget={"requests_per_day": 2}).start()
    await shop.ask()
    await shop.ask(EWA)
    assert await refused(shop, "+48600100204") == "limit_day"
    await shop.close()
    priced = {"name": "carrier", "host": "10.9.8.7", "peers": ["10.9.8.7"], "rate_per_minute": 6.0, "currency": "PLN"}
    shop = await Shop({"201": {}}, widget={"money_per_day": 1.0}, trunk=[priced]).start()
    shop.world.customer(talk_s=20.0)
    await shop.ask()
    await shop.world.sleep(60)
    assert shop.service.requests.spend.spent("shop")[0] >= 1.0
    assert await refused(shop, EWA) == "limit_money"
    await shop.close()


async def test_nightly_bans() -> None:
    shop = await Shop(SILENT, widget={"ban_after": 3, "ban_days": 2.0}).start()
    for _ in range(3):
        assert await refused(shop, "+48701234567", "198.51.100.9") == "premium"
    assert await refused(shop, "+48701234567", "198.51.100.9") == "premium", "the night has not come yet"
    await shop.world.sleep(86_400)
    assert await refused(shop, EWA, "198.51.100.9") == "banned"
    await shop.ask(EWA, "198.51.100.10")
    await shop.close()
    after = await Shop(SILENT, store=shop.store, keeper=shop.keeper).start()
    assert await refused(after, JAN, "198.51.100.9") == "banned"
    assert after.service.bans.lift("shop", "address:198.51.100.9")
    await after.ask(JAN, "198.51.100.9")
    await after.close()


async def test_consent_is_of_a_wording_that_is_kept() -> None:
    shop = await Shop(SILENT, widget={"consent_ask": True, "consent": {"en": "I agree to version one."}}).start()
    page = shop.page()
    assert page["consent"]["text"] == "I agree to version one."
    assert await refused(shop, consent={"version": page["consent"]["version"], "given": False}) == "consent"
    assert await refused(shop, consent={"version": "0" * 16, "given": True}) == "consent"
    await shop.close()
    after = await Shop(SILENT, store=shop.store, widget={"consent": {"en": "I agree to version two."}}).start()
    token, _ = await after.ask(consent={"version": page["consent"]["version"], "given": True})
    row = await after.row(token)
    assert await after.store.wording(row.consent) == "I agree to version one.", "his page stood open meanwhile"
    await after.close()
