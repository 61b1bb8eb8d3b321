"""The table of an item: every state is left by a close, and by nothing afterwards."""

from __future__ import annotations

import pytest

from pbx.contact.item import TABLE, ContactItem, End, ItemKind, ItemState, OpenRequest, Trigger, WrongState, merge


def item(**more: object) -> ContactItem:
    given = {"id": "1", "kind": ItemKind.CALLBACK, "queue": "sales", "number": "+48600100200", "since": 100.0}
    return ContactItem(**{**given, "created": 100.0, **more})  # type: ignore[arg-type]


def test_every_state_is_in_the_table() -> None:
    assert set(TABLE) == set(ItemState)


@pytest.mark.parametrize("state", [state for state in ItemState if state is not ItemState.CLOSED])
def test_every_open_state_can_be_closed(state: ItemState) -> None:
    one = item(state=state)
    one.fire(Trigger.CLOSE)
    assert one.state is ItemState.CLOSED


def test_nothing_leaves_the_end() -> None:
    one = item(state=ItemState.CLOSED)
    for trigger in Trigger:
        with pytest.raises(WrongState, match="is closed"):
            one.fire(trigger)


def test_an_attempt_in_doubt_is_not_dialled() -> None:
    with pytest.raises(WrongState):
        item(state=ItemState.IN_DOUBT).fire(Trigger.DIAL)


def test_a_draft_shares_nothing() -> None:
    one = item(source={"did": "600"}, skills=["pl"])
    draft = one.draft()
    draft.source["tag"] = "x"
    draft.skills.append("ru")
    assert (one.source, one.skills) == ({"did": "600"}, ["pl"])
    one.take(draft)
    assert one.source == {"did": "600", "tag": "x"}


def test_merging_keeps_the_older_age_and_the_stricter_promise() -> None:
    old = item(promise=900.0, times=2)
    new = item(id="2", since=50.0, created=200.0, promise=700.0, name="Anna")
    merge(old, new)
    assert (old.since, old.promise, old.times, old.name) == (50.0, 700.0, 3, "Anna")
    assert (new.state, new.end, new.merged_into, new.ended) == (ItemState.CLOSED, End.MERGED, "1", 200.0)


def test_merging_takes_a_promise_where_there_was_none() -> None:
    old = item()
    merge(old, item(id="2", promise=700.0))
    assert old.promise == 700.0


def test_a_missed_contact_that_asks_for_a_callback_becomes_one() -> None:
    old = item(kind=ItemKind.MISSED, automatic=False)
    merge(old, item(id="2", automatic=True, not_before=500.0, mode="customer_first"))
    assert (old.kind, old.automatic, old.not_before, old.mode) == (ItemKind.CALLBACK, True, 500.0, "customer_first")


def test_a_callback_that_rings_in_and_gives_up_stays_one() -> None:
    old = item(automatic=True, not_before=500.0)
    merge(old, item(id="2", kind=ItemKind.ABANDONED))
    assert (old.kind, old.automatic, old.not_before) == (ItemKind.CALLBACK, True, 500.0)


def test_an_item_may_be_born_closed() -> None:
    request = OpenRequest(kind=ItemKind.ABANDONED, number="", end=End.UNREACHABLE, reason="withheld", since=90.0)
    born = request.item("", 100.0)
    assert (born.state, born.end, born.ended, born.since, born.key) == (
        ItemState.CLOSED,
        "unreachable",
        100.0,
        90.0,
        born.id,
    )


def test_no_contact_is_of_the_future() -> None:
    assert OpenRequest(kind=ItemKind.CALLBACK, number="1", since=500.0).item("1", 100.0).since == 100.0
