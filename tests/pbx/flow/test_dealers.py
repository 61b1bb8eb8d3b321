"""Dealers: regions, stock, turns by weight, and the one whom a caller had."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.regions import Origin
from pbx.clock import VirtualClock
from pbx.config_blocks import Dealer, Dealers
from pbx.events import Kind
from pbx.flow.dealers import DealerBook, read_stock
from pbx.flow.loader import check_flows
from tests.pbx.flow.equipped import EquippedHouse

MOSCOW, OTHER = Origin("RU", "г. Москва", "mobile"), Origin("RU", "Томская область", "mobile")
END = {"kind": "hangup"}


class Shop:
    """A book of dealers in virtual time."""

    def __init__(self, *dealers: dict[str, Any], keeper: MemoryKeeper | None = None, **settings: Any) -> None:
        self.clock = VirtualClock(1_790_000_000.0)
        self.keeper = keeper if keeper is not None else MemoryKeeper()
        entries = [Dealer.model_validate({"number": "101", **dealer}) for dealer in dealers]
        self.book = DealerBook(entries, Dealers.model_validate(settings), self.clock, self.keeper)

    def give(self, caller: str = "", origin: Origin = MOSCOW, **more: Any) -> tuple[str, str]:
        """(name, why) of who gets a caller; ("", "") for nobody."""
        choice = self.book.choose(caller, origin, **more)
        if choice is None:
            return "", ""
        self.book.give(caller, choice)
        return choice.dealer.name, choice.by


def test_turns_are_shared_by_weight() -> None:
    shop = Shop({"name": "a"}, {"name": "b", "weight": 2.0}, {"name": "c"})
    given = [shop.give()[0] for _ in range(400)]
    assert {name: given.count(name) for name in "abc"} == {"a": 100, "b": 200, "c": 100}
    assert max(given[i : i + 4].count("b") for i in range(396)) <= 3, "nobody gets all of his at once"


def test_a_new_dealer_gets_his_share_and_not_what_the_others_had() -> None:
    shop = Shop({"name": "a"}, {"name": "b"}, {"name": "far", "regions": ["Томск*"]})
    assert shop.give(origin=OTHER)[0] == "a"
    for _ in range(100):
        shop.give()
    again = Shop({"name": "a"}, {"name": "b"}, {"name": "new"}, keeper=shop.keeper)
    given = [again.give()[0] for _ in range(30)]
    assert {name: given.count(name) for name in ("a", "b", "new")} == {"a": 10, "b": 10, "new": 10}


def test_only_those_of_the_region_and_the_higher_priority_first() -> None:
    shop = Shop(
        {"name": "msk", "regions": ["г. Москва|Московская область"]},
        {"name": "tomsk", "regions": ["Томск*"]},
        {"name": "all", "priority": -1},
    )
    assert {shop.give(origin=MOSCOW)[0] for _ in range(5)} == {"msk"}
    assert {shop.give(origin=OTHER)[0] for _ in range(5)} == {"tomsk"}
    assert shop.give(origin=Origin("PL"))[0] == "all"
    assert shop.give(origin=MOSCOW, without=["msk"]) == ("all", "region")
    assert shop.give(origin=MOSCOW, without=["msk", "all"]) == ("", "")


def test_a_caller_gets_whom_he_had_for_so_long_and_after_a_restart() -> None:
    shop = Shop({"name": "a"}, {"name": "b"}, memory_days=10)
    assert shop.give("+1") == ("a", "turn")
    assert shop.give("+2") == ("b", "turn")
    assert shop.give("+2") == ("b", "memory")
    again = Shop({"name": "a"}, {"name": "b"}, keeper=shop.keeper, memory_days=10)
    assert again.give("+2") == ("b", "memory")
    assert again.book.counts == {"a": 1, "b": 3}
    again.clock.advance(10 * 86_400.0 + 1)
    assert again.give("+2") == ("a", "turn"), "b had three"
    assert "+2" in again.keeper.load("dealer_memory")
    gone = Shop({"name": "b"}, keeper=again.keeper, memory_days=10)
    assert gone.give("+2") == ("b", "region"), "whom he had is no dealer any more"


def test_who_has_the_goods_goes_before_whom_he_had_and_an_old_feed_says_nothing() -> None:
    shop = Shop({"name": "a", "key": "A1"}, {"name": "b"}, stock_max_age_s=600)
    shop.book.stock = read_stock(b"dealer;sku;quantity\na1;X-1;0\nb;x-1;2,5\n")
    shop.book.stock_age_s = lambda: 0.0
    assert shop.give("+1") == ("a", "turn")
    assert shop.give("+1", sku="X-1") == ("b", "stock")
    assert shop.give("+3", sku="X-9") == ("", "")
    shop.book.stock_age_s = lambda: 601.0
    assert shop.give("+3", sku="X-9")[0] in ("a", "b")


@pytest.mark.parametrize(
    "data",
    [
        b"dealer,sku,quantity\na,x,1\n",
        b'[{"dealer": "A", "sku": "X", "quantity": "1"}]',
        b'{"a": {"x": 1}}',
        "dealer\tsku\tquantity\na\tx\t1\n".encode("utf-8-sig"),
    ],
)
def test_feeds_as_they_come(data: bytes) -> None:
    stock = read_stock(data)
    assert (stock.has("a", "x"), stock.has("a", "y"), stock.entries) == (True, False, 1)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[1]", b'{"a": 1}', b"a,b\n1,2\n", b'{"a": {"x": "many"}}', b"{"])
def test_what_is_no_feed(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_stock(data)


BLOCKS = {
    "who": {"kind": "dealer", "dealer": "ring", "none": "sorry", "tries": 2},
    "ring": {
        "kind": "dial",
        "target": "{dealer.number}",
        "timeout_s": 5,
        "answered": "end",
        "no_answer": "who",
        "busy": "who",
        "failed": "who",
    },
    "sorry": {"kind": "say", "text": "Nobody", "next": "end"},
    "end": END,
}
DEALERS = {"dealer": [{"name": "a", "number": "101"}, {"name": "b", "number": "102"}, {"name": "c", "number": "103"}]}


async def test_a_dealer_who_does_not_answer_is_followed_by_another() -> None:
    house = EquippedHouse(BLOCKS, config=DEALERS, extensions=("101", "102", "103"))
    house.harness.phone("101", answer_after_s=None)
    house.harness.phone("102", answer_after_s=1.0, talk_s=1.0)
    await house.run()
    assert house.way() == ["who:dealer", "ring:no_answer", "who:dealer", "ring:answered", "end:end"]
    assert [(event["dealer"], event["number"]) for event in house.told(Kind.DEALER_CHOSEN)] == [
        ("a", "101"),
        ("b", "102"),
    ]
    await house.close()


async def test_after_so_many_tries_there_is_none() -> None:
    house = EquippedHouse(BLOCKS, config=DEALERS, extensions=("101", "102", "103"))
    await house.run()  # no phone is registered
    assert house.way().count("who:dealer") == 2
    assert house.way()[-3:-1] == ["who:none", "sorry:next"]
    await house.close()


async def test_a_number_that_a_caller_typed_is_dialled_only_where_it_is_allowed() -> None:
    blocks = {
        "ask": {"kind": "collect", "text": "?", "into": "dealer.number", "ok": "ring"},
        "ring": {"kind": "dial", "target": "{dealer.number}", "timeout_s": 5, "failed": "end", "answered": "end"},
        "end": END,
    }
    house = EquippedHouse(blocks, extensions=("101", "102"))
    house.harness.phone("102", answer_after_s=0.5, talk_s=0.5)
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.press("102#")
    await caller.over()
    assert house.way()[:2] == ["ask:ok", "ring:failed"]
    await house.close()
    blocks["ring"] = {**blocks["ring"], "allowed": ["10*"]}
    house = EquippedHouse(blocks, extensions=("101", "102"))
    house.harness.phone("102", answer_after_s=0.5, talk_s=0.5)
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.press("102#")
    await caller.over()
    assert house.way()[:2] == ["ask:ok", "ring:answered"]
    await house.close()


async def test_a_target_with_variables_needs_numbers_that_are_allowed() -> None:
    house = EquippedHouse({"end": END})
    house.config.flow[0].start = "ring"
    house.config.flow[0].block = {"ring": {"kind": "dial", "target": "{call.caller_name}"}}
    assert any('allowed = ["+48*"]' in str(problem) for problem in check_flows(house.config))
    await house.close()
