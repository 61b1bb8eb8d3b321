"""Digits: taken ahead, masked, confirmed; PINs that lock, and stay locked over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.pins import hash_pin, is_hash, salt_of
from pbx.customers.customer import Customer
from pbx.events import Kind
from tests.pbx.flow.equipped import EquippedHouse, said

END = {"kind": "hangup"}
LIST = {"pin_list": [{"name": "staff", "pins": {"ola": hash_pin("4711"), "jan": hash_pin("0815")}}]}


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time does not wait for a thread that hashes."""

    async def here(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", here)


def asking(**settings: Any) -> dict[str, Any]:
    """A collect block, and what says what came of it."""
    collect = {"kind": "collect", "text": "Number?", "ok": "say", "timeout": "none", "invalid": "bad", **settings}
    return {
        "ask": collect,
        "say": {"kind": "say", "text": "You said {collect.digits|digits}", "next": "end"},
        "none": {"kind": "say", "text": "Nothing", "next": "end"},
        "bad": {"kind": "say", "text": "Bad", "next": "end"},
        "end": END,
    }


async def test_digits_before_into_and_after_the_text_count_up_to_the_terminator() -> None:
    house = EquippedHouse(asking(min=3, max=8))
    caller = house.call()
    caller.press("12")
    await house.harness.sleep(0.2)
    caller.press("34#")
    await caller.over()
    assert house.way()[:2] == ["ask:ok", "say:next"]
    assert said(caller)[-1] == "You said one two, three four"
    await house.close()


async def test_a_number_that_is_complete_takes_its_terminator_along() -> None:
    blocks = asking(min=3, max=3) | {
        "say": {"kind": "menu", "text": "Menu", "keys": {"#": "bad", "1": "end"}, "timeout": "end", "retries": 0}
    }
    house = EquippedHouse(blocks)
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.press("123#")
    await house.harness.sleep(0.5)
    caller.press("1")
    await caller.over()
    assert house.way()[:2] == ["ask:ok", "say:1"], "the hash was no key of the menu"
    await house.close()


@pytest.mark.parametrize(
    ("pressed", "exit_", "heard"),
    [("", "timeout", ["Number?", "Number?", "Nothing"]), ("1#", "invalid", ["Number?", "Short", "Number?", "Bad"])],
)
async def test_nothing_or_too_little_is_asked_for_again_and_then_told(
    pressed: str, exit_: str, heard: list[str]
) -> None:
    house = EquippedHouse(asking(min=3, retries=1, timeout_s=2, between_s=1, invalid_text="Short"))
    caller = house.call()
    for _ in range(2):
        await house.harness.sleep(1.0)
        caller.press(pressed)
        await house.harness.sleep(1.5)
    await caller.over()
    assert house.way()[0] == f"ask:{exit_}"
    assert said(caller) == heard
    await house.close()


async def test_a_number_is_said_and_confirmed_or_asked_for_again() -> None:
    house = EquippedHouse(asking(min=2, max=2, confirm_text="Is it {collect.digits|digits}?"))
    caller = house.call()
    for keys in ("12", "2", "34", "1"):
        await house.harness.sleep(2.5)
        caller.press(keys)
    await caller.over()
    assert said(caller)[-1] == "You said three four"
    assert "Is it one two?" in said(caller)
    await house.close()


async def test_masked_digits_are_in_no_event_whenever_they_are_pressed() -> None:
    blocks = {"hello": {"kind": "say", "text": "A long welcome to you all", "next": "ask"}} | asking(
        min=4, max=4, mask=True, into="card.code"
    )
    blocks["say"] = {"kind": "condition", "when": "card.code == '9876'", "true": "end", "false": "bad"}
    house = EquippedHouse(blocks, flow={"journal": ["card.code"]})
    caller = house.call()
    await house.harness.sleep(0.1)
    caller.press("98")  # ahead, while the welcome is said
    await house.harness.sleep(3.0)
    caller.press("76")
    await caller.over()
    assert house.way()[:3] == ["hello:next", "ask:ok", "say:true"]
    assert [event["digit"] for event in house.told(Kind.DIGIT)] == ["x", "x", "x", "x"]
    assert house.told(Kind.FLOW_VARIABLES) == [{"flow": "main", "version": 0, "values": {"card.code": "***"}}]
    assert "9876" not in str(house.harness.events)
    await house.close()


async def test_digits_that_are_no_secret_are_told_after_one_that_is() -> None:
    blocks = asking(min=2, max=2, mask=True) | {"say": {"kind": "menu", "text": "M", "keys": {"5": "end"}}}
    house = EquippedHouse(blocks)
    caller = house.call()
    await house.harness.sleep(0.2)
    caller.press("12")
    await house.harness.sleep(1.0)
    caller.press("5")
    await caller.over()
    assert [event["digit"] for event in house.told(Kind.DIGIT)] == ["x", "x", "5"]
    await house.close()


async def test_one_press_said_in_three_ways_is_one_digit() -> None:
    house = EquippedHouse(asking(min=4, max=4))
    caller = house.call()
    await house.harness.sleep(0.5)
    for digit in "4471":
        for method in ("info", "rfc4733", "inband"):
            caller.press(digit, method)
            await house.harness.sleep(0.1)
    await caller.over()
    assert said(caller)[-1] == "You said four four, seven one"
    await house.close()


def pin(**settings: Any) -> dict[str, Any]:
    exits = {"ok": "in", "wrong": "out", "locked": "locked", "none": "nobody"}
    return {
        "pin": {"kind": "pin", "text": "PIN?", "pin_list": "staff", "wrong_text": "Wrong", **exits, **settings},
        "in": {"kind": "say", "text": "Hello {pin.name}", "next": "end"},
        "out": {"kind": "say", "text": "Out", "next": "end"},
        "locked": {"kind": "say", "text": "Locked", "next": "end"},
        "nobody": {"kind": "say", "text": "Nobody", "next": "end"},
        "end": END,
    }


async def entered(house: EquippedHouse, *pins: str, **setup: Any) -> list[str]:
    """What a caller heard who pressed these PINs."""
    caller = house.call(**setup)
    for number in pins:
        await house.harness.sleep(1.0)
        caller.press(f"{number}#")
        await house.harness.sleep(1.0)
    await caller.over()
    return said(caller)


async def test_who_knows_a_pin_of_the_list_is_let_in_by_name() -> None:
    house = EquippedHouse(pin(), config=LIST)
    assert await entered(house, "1234", "0815") == ["PIN?", "Wrong", "PIN?", "Hello jan"]
    assert [event["result"] for event in house.told(Kind.PIN_CHECKED)] == ["wrong", "right"]
    assert "0815" not in str(house.harness.events)
    await house.close()


async def test_wrong_ones_lock_the_caller_over_a_restart_until_the_time_is_over() -> None:
    keeper = MemoryKeeper()
    house = EquippedHouse(pin(lock_after=4, lock_s=600), config=LIST, keeper=keeper)
    assert (await entered(house, "1111", "2222", "3333"))[-1] == "Out"
    assert (await entered(house, "4444"))[-1] == "Locked"
    assert (await entered(house, caller="+48700700700"))[0] == "PIN?", "others are asked"
    await house.close()
    house = EquippedHouse(pin(lock_after=4, lock_s=600), config=LIST, keeper=keeper)
    assert await entered(house) == ["Locked"]
    await house.harness.sleep(700)  # this clock begins anew with each house
    assert (await entered(house, "4711"))[-1] == "Hello ola"
    await house.close()


async def test_a_pin_is_locked_by_whomever_it_was_guessed() -> None:
    blocks = pin(subject="ola", lock_subject_after=2, lock_after=50)
    house = EquippedHouse(blocks, config=LIST)
    await entered(house, "1111", caller="+48600000001")
    assert "Locked" in await entered(house, "2222", caller="+48600000002")
    assert await entered(house, caller="+48600000003") == ["Locked"]
    await house.close()


async def test_another_s_pin_is_none_for_one_who_is_named() -> None:
    blocks = pin(subject="ola")
    house = EquippedHouse(blocks, config=LIST)
    assert (await entered(house, "0815", "4711"))[-1] == "Hello ola"
    assert [event["subject"] for event in house.told(Kind.PIN_CHECKED)] == ["ola", "ola"]
    await house.close()


async def test_a_customer_s_own_pin_and_a_customer_without() -> None:
    blocks = pin(customer=True)
    del blocks["pin"]["pin_list"]
    house = EquippedHouse(blocks)
    house.knows(Customer("7", ("+48600100200",), pin=hash_pin("2468")))
    assert (await entered(house, "2468"))[-1] == "Hello 7"
    assert await entered(house, caller="+48611111111") == ["Nobody"]
    await house.close()


def test_hashes_tell_nothing_and_may_share_their_salt() -> None:
    made = hash_pin("4711")
    assert is_hash(made)
    assert "4711" not in made
    assert made != hash_pin("4711")
    assert hash_pin("4711", salt_of(made)) == made
    for wrong in ("123", "12a4", "", "1" * 17):
        with pytest.raises(ValueError, match="4 to 16 digits"):
            hash_pin(wrong)


@pytest.mark.parametrize(
    "text", ["", "4711", "scrypt$AAAAAAAA$", f"scrypt$========${'A' * 32}", f"scrypt$AAAA=${'A' * 31}"]
)
def test_what_cannot_be_decoded_is_no_hash(text: str) -> None:
    assert not is_hash(text)
    assert is_hash(hash_pin("4711", b"eight by"))
