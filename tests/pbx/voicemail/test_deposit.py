"""Leaving a message: what ends it, when it counts, what "saved" means, and what a crash leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.call.call import Call
from pbx.call.fakes import HELD
from pbx.events import Kind
from pbx.voicemail.message import Message, MessageState
from tests.pbx.voicemail.office import Messages, Office, said, sounds, write_wav


async def test_a_message_is_on_disk_before_it_is_said_to_be_saved(tmp_path: Path) -> None:
    office = Office(tmp_path)
    caller = office.call("voicemail:101")
    await office.at_the_tone(caller)
    assert [row.state for row in office.messages.rows.values()] == [MessageState.RECORDING]
    await office.speak(caller, 3)
    caller.press("#")
    await caller.over()
    assert said(caller)[-1].startswith("Your message is saved")
    (message,) = office.messages.rows.values()
    assert (message.state, message.caller, message.is_new) == (MessageState.KEPT, "+48600100200", True)
    assert message.duration_s == pytest.approx(3.25, abs=0.3)
    assert (tmp_path / message.file).is_file()
    kinds = [kind for kind in office.kinds(caller.call) if kind.value.startswith("voicemail")]
    assert kinds == [Kind.VOICEMAIL_STARTED, Kind.VOICEMAIL_RECORDED, Kind.VOICEMAIL_LEFT]
    assert office.lamps.shown == {"101": (1, 0)}
    await office.close()


@pytest.mark.parametrize(("how", "talk_s", "ended_by"), [("silence", 2.0, "silence"), ("max", 200.0, "max")])
async def test_silence_and_the_longest_time_end_it(tmp_path: Path, how: str, talk_s: float, ended_by: str) -> None:
    office = Office(tmp_path)
    caller = office.call("voicemail:101")
    await office.at_the_tone(caller)
    office.talks(caller, True)
    if how == "silence":
        await office.sleep(talk_s)
        office.talks(caller, False)
    await caller.over()
    told = office.journey(caller.call, Kind.VOICEMAIL_RECORDED)[0].data
    assert (told["outcome"], told["ended_by"]) == ("recorded", ended_by)
    (message,) = office.messages.rows.values()
    assert message.duration_s == pytest.approx(7.5 if how == "silence" else 120, abs=1.5)
    await office.close()


async def test_a_hang_up_keeps_what_was_said(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message(seconds=2)
    (message,) = office.messages.rows.values()
    assert message.state is MessageState.KEPT
    assert office.lamps.shown["101"] == (1, 0)
    await office.close()


async def test_who_says_nothing_leaves_no_message(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message(seconds=0.4)
    assert office.messages.rows == {}
    assert sounds(tmp_path) == []
    assert office.lamps.shown.get("101", (0, 0)) == (0, 0)
    await office.close()


async def test_a_full_box_says_so(tmp_path: Path) -> None:
    office = Office(tmp_path, voicemail=[{"name": "101", "extension": "101", "pin": "2580", "max_messages": 1}])
    await office.message()
    late = office.call("voicemail:101")
    await late.over()
    assert said(late) == ["This mailbox is full. Please call again later."]
    assert len(office.messages.rows) == 1
    await office.close()


async def test_nobody_is_told_saved_when_the_store_refuses(tmp_path: Path) -> None:
    office = Office(tmp_path)
    caller = office.call("voicemail:101")
    await office.at_the_tone(caller)
    await office.speak(caller, 2)
    office.messages.fails = RuntimeError("the database takes nothing")
    caller.press("#")
    await caller.over()
    assert said(caller)[-1] == "The recording could not be saved."
    assert office.journey(caller.call, Kind.VOICEMAIL_FAILED)[0].data["reason"] == "the database takes nothing"
    # The row and the sound are there: the next start takes them up.
    again = Office(tmp_path, messages=_after_a_crash(office.messages))
    await again.voicemail.start()
    assert again.voicemail.shelf.count("101") == (1, 0)
    await again.voicemail.stop()
    await again.close()
    await office.close()


async def test_no_recording_is_said_and_leaves_no_row(tmp_path: Path) -> None:
    office = Office(tmp_path)
    caller = office.call("voicemail:101")
    caller.media.record_fails = OSError(28, "No space left on device")
    await caller.over()
    assert said(caller)[-1] == "The recording could not be saved."
    assert office.messages.rows == {}
    await office.close()


@pytest.mark.parametrize(("seconds", "level", "kept"), [(2.0, 8000, True), (2.0, 0, False), (0.2, 8000, False)])
async def test_a_message_that_a_crash_cut_off(tmp_path: Path, seconds: float, level: int, kept: bool) -> None:
    row = Message(
        id="0" * 32, box="sales", caller="+48600100200", caller_name="", call_id="1" * 32, at=1.79e9, file="sales/0.wav"
    )
    messages = Messages()
    messages.rows[row.id] = row
    again = Office(tmp_path, messages=messages)
    write_wav(tmp_path / row.file, seconds, level)
    await again.voicemail.start()
    assert again.voicemail.shelf.count("sales") == ((1, 0) if kept else (0, 0))
    assert again.lamps.shown == {"101": (0, 0), "102": (1, 0) if kept else (0, 0)}
    if kept:
        (message,) = again.voicemail.shelf.messages("sales")
        assert message.recovered
        assert [item.queue for item in again.contacts.items.values()] == ["sales"]
    else:
        assert again.messages.rows == {}
        assert not (tmp_path / row.file).exists()
    await again.voicemail.stop()
    await again.close()


async def test_a_message_of_a_queue_s_box_is_a_contact(tmp_path: Path) -> None:
    office = Office(tmp_path)
    caller = await office.message("sales", caller="+48600100200", direction="inbound")
    (item,) = office.contacts.items.values()
    (message,) = office.messages.rows.values()
    assert (item.kind, item.queue, item.number, item.owner) == ("voicemail", "sales", "+48600100200", "queue:sales")
    assert item.promise - item.since == 600
    assert (item.origin_call, message.contact) == (caller.call.id, item.id)
    await office.close()


async def test_a_withheld_caller_is_nobody(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.message("sales", withheld=True)
    (message,) = office.messages.rows.values()
    assert message.caller == ""
    await office.close()


@pytest.mark.parametrize("busy", [False, True])
async def test_forwarded_calls_reach_the_box_of_who_forwarded(tmp_path: Path, busy: bool) -> None:
    forward = "forward_busy" if busy else "forward_no_answer"
    office = Office(tmp_path, extension=[{"number": "101", forward: "700"}])
    phone = office.phone("101", answer_after_s=0.1 if busy else None, refuse=486 if busy else 0)
    caller = office.call("extension:101")
    await office.at_the_tone(caller)
    await office.speak(caller, 2)
    caller.press("#")
    await caller.over()
    assert office.voicemail.shelf.count("101") == (1, 0)
    assert phone.sessions
    await office.close()


async def test_a_caller_on_hold_is_silent(tmp_path: Path) -> None:
    """Whoever puts us on hold sends nothing that could be a message."""
    office = Office(tmp_path)
    caller = office.call("voicemail:101")
    await office.at_the_tone(caller)
    caller.session.observer.on_reinvite(caller.session, HELD)
    await caller.over()
    assert office.messages.rows == {}
    await office.close()


def _after_a_crash(messages: Messages) -> Messages:
    found = Messages()
    found.rows = dict(messages.rows)
    return found


async def test_the_recording_of_the_call_gives_way(tmp_path: Path) -> None:
    """A stream has one recording: who talked before, and was recorded, leaves a message all the same."""
    office = Office(tmp_path)
    phone = office.phone("102", talk_s=5)

    async def talks_and_leaves(call: Call) -> None:
        await call.dial("102", timeout_s=10, record=True)
        await office.voicemail.leave(call, "101")

    caller = office.call(talks_and_leaves)
    await office.sleep(3)
    assert phone.talking
    await office.at_the_tone(caller)
    assert caller.call.tape is None
    await office.speak(caller, 2)
    caller.hang_up()
    await caller.over()
    await office.voicemail.deposit.settle()
    assert office.voicemail.shelf.count("101") == (1, 0)
    await office.close()
