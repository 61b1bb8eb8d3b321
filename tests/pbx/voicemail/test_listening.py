"""Listening by phone: PIN and lock, the order of messages, the keys, calling back, and what a contact learns of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.call.pins import hash_pin
from pbx.config import Config
from pbx.contact.item import ItemState
from pbx.events import Alarm, Kind
from pbx.voicemail import phrases
from pbx.voicemail.pins import LOCK_AFTER, LOCK_S
from tests.pbx.voicemail.office import Office, said, sounds


async def test_listen_with_the_pin_and_delete(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message(caller="+48600100200")
    await office.message(caller="+48600100300", seconds=2)
    owner = office.dial("101", "700")
    await office.hears(owner, "Enter your PIN")
    owner.press("2580#")
    await office.hears(owner, "You have two new messages.")
    await office.hears(owner, "Message one. From 0 0 4 8 6 0 0 1 0 0 2 0 0. Today at ")
    await office.hears(owner, "recorded:voicemail/101/")
    await office.hears(owner, "Repeat: one.")
    assert office.lamps.shown["101"] == (1, 1)
    owner.press("7")
    await office.hears(owner, "Deleted.")
    assert office.lamps.shown["101"] == (1, 0)
    owner.press("7")
    await office.hears(owner, "Restored.")
    owner.press("7")
    await office.hears(owner, "Deleted.")
    owner.press("2")
    await office.hears(owner, "Message two. From 0 0 4 8 6 0 0 1 0 0 3 0 0.")
    owner.press("9")  # before it was heard
    await office.hears(owner, "Saved.")
    owner.press("*")
    await owner.over()
    assert said(owner)[-1] == "Goodbye."
    digits = "".join(event.data["digit"] for event in office.journey(owner.call, Kind.DIGIT))
    assert "2580" not in digits
    assert digits.endswith("777" + "29*")
    kinds = [kind for kind in office.kinds(owner.call) if kind.value.startswith("voicemail")]
    assert kinds[:3] == [Kind.VOICEMAIL_OPENED, Kind.VOICEMAIL_HEARD, Kind.VOICEMAIL_DELETED]
    deleted, saved = sorted(office.voicemail.list("101"), key=lambda each: each.id)
    assert (bool(deleted.deleted), saved.saved, bool(saved.heard)) == (True, True, False)
    await office.close()


async def test_a_hang_up_in_the_middle_leaves_the_message_new(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message(seconds=30)
    owner = office.dial("101", "*98")
    owner.press("2580#")
    await office.hears(owner, "recorded:")
    owner.hang_up()
    await owner.over()
    assert office.lamps.shown["101"] == (1, 0)
    await office.close()


async def test_nine_wrong_pins_lock_the_box_also_over_a_restart(tmp_path: Path) -> None:
    office = Office(tmp_path)
    for _ in range(LOCK_AFTER // 3):
        owner = office.dial("102", "*98101")
        owner.press("1111#2222#3333#")
        await owner.over()
        assert "That PIN is wrong." in said(owner)
    alarm = [event for event in office.events if isinstance(event, Alarm)][-1]
    assert (alarm.name, alarm.active) == ("voicemail_locked", True)
    again = Office(tmp_path)
    again.services.keeper, again.services.clock = office.services.keeper, office.services.clock
    again.voicemail.pins.__init__(again.services)  # type: ignore[misc]
    right = again.dial("101", "*98")
    right.press("2580#")
    await right.over()
    assert "Too many wrong attempts. Please try again later." in said(right)
    await again.sleep(LOCK_S)
    right = again.dial("101", "*98")
    right.press("2580#")
    await again.hears(right, "You have no messages.")
    await again.close()
    await office.close()


async def test_the_star_in_the_greeting_opens_the_box_from_outside(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message()
    owner = office.call("voicemail:101", direction="inbound")
    await office.hears(owner, "We cannot take your call")
    owner.press("*")
    await office.hears(owner, "Enter your PIN")
    owner.press("2580#")
    await office.hears(owner, "Repeat: one.")
    owner.press("8")  # from outside nobody makes calls
    await office.hears(owner, "The caller cannot be called back.")
    await office.close()


@pytest.mark.parametrize("ask", [True, False])
async def test_the_own_phone_may_go_without_a_pin(tmp_path: Path, ask: bool) -> None:
    box = {"name": "101", "extension": "101", "pin": "2580", "ask_own_phone": ask}
    office = Office(tmp_path, voicemail=[box])
    owner = office.dial("101", "*98")
    await office.hears(owner, "Enter your PIN" if ask else "You have no messages.")
    other = office.dial("102", "*98101")
    await office.hears(other, "Enter your PIN")
    await office.close()


async def test_a_box_without_a_pin_opens_for_its_phone_alone(tmp_path: Path) -> None:
    office = Office(tmp_path, voicemail=[{"name": "101", "extension": "101"}])
    owner = office.dial("101", "*98")
    await office.hears(owner, "You have no messages.")
    other = office.dial("102", "*98101")
    await other.over()
    assert said(other) == ["Goodbye."]
    await office.close()


async def test_calling_back_reaches_the_customer_and_closes_the_contact(tmp_path: Path) -> None:
    office = Office(tmp_path)
    customer = office.phone("103", talk_s=20)
    await office.message("sales", caller="103")
    owner = office.dial("102", "*98sales")
    owner.press("13579#")
    await office.hears(owner, "Repeat: one.")
    owner.press("8")
    await office.sleep(5)
    assert customer.talking
    await office.hears(owner, "Repeat: one.")
    await office.sleep(30)
    (item,) = office.contacts.items.values()
    assert (item.state, item.end, item.attempts[0].outcome) == (ItemState.CLOSED, "reached", "reached")
    await office.close()


async def test_hearing_may_be_all_that_was_wanted(tmp_path: Path) -> None:
    boxes = [{"name": "sales", "pin": "13579", "queue": "sales", "done_when": "heard"}]
    office = Office(tmp_path, voicemail=boxes)
    await office.message("sales")
    owner = office.dial("102", "*98sales")
    owner.press("13579#")
    await office.hears(owner, "Repeat: one.")
    (item,) = office.contacts.items.values()
    assert (item.state, item.reason) == (ItemState.CLOSED, "heard")
    await office.close()


async def test_messages_go_when_their_time_is_over(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message()
    await office.message()
    first, second = office.voicemail.list("101")
    now = office.clock.unix()
    await office.voicemail.shelf.change(first, heard=now)
    await office.sleep(31 * 86_400)
    assert await office.voicemail.sweep() == 1
    assert [each.id for each in office.voicemail.list("101")] == [second.id]
    assert len(sounds(tmp_path)) == 1
    await office.close()


@pytest.mark.parametrize(
    ("new", "old", "pl", "ru", "en"),
    [
        (1, 0, "Masz jedną nową wiadomość.", "У вас одно новое сообщение.", "You have one new message."),
        (2, 1, "dwie nowe wiadomości i jedną odsłuchaną wiadomość", "два новых сообщения и одно", "one old message"),
        (
            5,
            22,
            "pięć nowych wiadomości i dwadzieścia dwie odsłuchane",
            "двадцать два прослушанных сообщения",
            "twenty-two",
        ),
        (0, 21, "dwadzieścia jeden odsłuchanych", "двадцать одно прослушанное сообщение", "old messages"),
    ],
)
def test_counts_in_three_languages(new: int, old: int, pl: str, ru: str, en: str) -> None:
    found = phrases.box_says(new, old)
    for language, wanted in (("pl", pl), ("ru", ru), ("en", en)):
        assert wanted in found[language]


def test_the_head_says_who_and_when() -> None:
    now, day_s, zone = 1_790_000_000.0, 86_400, "Europe/Warsaw"  # 2026-09-21 16:13:20 there
    assert phrases.head(2, "", now, now, zone)["pl"] == (
        "Wiadomość dwa. Od: numer nieznany. Dzisiaj o szesnastej trzynaście."
    )
    assert "Вчера в шестнадцать тринадцать." in phrases.head(1, "101", now - day_s, now, zone)["ru"]
    earlier = phrases.head(1, "101", now - 5 * day_s, now, zone)
    assert "On the sixteenth of September at four thirteen p.m." in earlier["en"]
    assert "Szesnastego września o szesnastej trzynaście." in earlier["pl"]


async def test_the_configuration_may_hold_the_hash_of_a_pin(tmp_path: Path) -> None:
    hashed = Config.model_validate({"voicemail": [{"name": "101", "pin": hash_pin("2580")}]}).voicemail[0].pin
    office = Office(tmp_path, voicemail=[{"name": "101", "extension": "101", "pin": hashed}])
    owner = office.dial("101", "*98")
    await office.hears(owner, "Enter your PIN")
    owner.press("2581#")
    await office.hears(owner, "That PIN is wrong.")
    owner.press("2580#")
    await office.hears(owner, "You have no messages.")
    await office.close()
