"""Codes that set something: what they change, what they refuse, and that they say so only when it is kept."""

from typing import Any

import pytest

from pbx.events import Kind
from tests.pbx.features.world import Company

OUT = [{"number": "101", "outbound": True}]


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [
        ("*78", "dnd", True),
        ("*71", "call_waiting", False),
        ("*22", "follow_me", False),
        ("*72102", "forward_always", "102"),
        ("*90103", "forward_busy", "103"),
        ("*92+48600100200", "forward_no_answer", "+48600100200"),
        ("*94104", "forward_unregistered", "104"),
    ],
)
async def test_a_code_sets(code: str, field: str, value: Any) -> None:
    company = Company(extension=OUT)
    caller = company.dial("101", code)
    await caller.over()
    assert getattr(company.services.phones.of("101"), field) == value
    changed = company.journey(caller.call, Kind.SETTING_CHANGED)[0].data
    assert changed == {"extension": "101", "setting": field, "value": value}
    assert len(caller.heard) == 1
    await company.close()


@pytest.mark.parametrize(("on", "off"), [("*78", "*79"), ("*71", "*70"), ("*72102", "*73"), ("*90102", "*91")])
async def test_a_code_takes_it_back(on: str, off: str) -> None:
    company = Company()
    await company.dial("101", on).over()
    await company.dial("101", off).over()
    phones = company.services.phones
    assert not phones.of("101").dnd
    assert phones.call_waiting(company.config.extension[0])
    assert not phones.forward(company.config.extension[0], "always")
    await company.close()


async def test_a_configured_forward_is_switched_off_for_good() -> None:
    company = Company(extension=[{"number": "101", "forward_busy": "102"}])
    await company.dial("101", "*91").over()
    assert company.services.phones.of("101").forward_busy == ""
    await company.close()


async def test_the_number_is_asked_for() -> None:
    company = Company()
    caller = company.dial("101", "*72")
    await company.sleep(1)
    caller.press("102#")
    await caller.over()
    assert company.services.phones.of("101").forward_always == "102"
    assert caller.heard[-1][1] == "en:All calls are forwarded to 1 0 2."
    await company.close()


@pytest.mark.parametrize("target", ["101", "999", "+48600", "112"])
async def test_where_nobody_may_forward(target: str) -> None:
    company = Company()
    caller = company.dial("101", f"*72{target}")
    await caller.over()
    assert caller.heard[-1][1] == "en:Calls cannot be forwarded to that number."
    assert not company.services.phones.all()
    await company.close()


async def test_what_cannot_be_kept_is_not_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    company = Company()

    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(company.services.phones._store, "save", fail)
    caller = company.dial("101", "*78")
    await caller.over()
    assert caller.heard[-1][1] == "en:The setting could not be saved."
    assert not company.services.phones.of("101").dnd
    await company.close()


async def test_a_ring_of_forwards_that_phones_set_ends() -> None:
    company = Company()
    await company.dial("101", "*72102").over()
    await company.dial("102", "*72101").over()
    caller = company.dial("103", "101")
    await caller.over()
    assert caller.status == 482
    await company.close()


async def test_in_the_language_of_the_site() -> None:
    company = Company(extension=[{"number": "101", "site": "wroclaw"}], site=[{"name": "wroclaw", "language": "pl"}])
    caller = company.dial("101", "*78")
    await caller.over()
    assert caller.heard[-1][1] == "pl:Nie przeszkadzać: włączone."
    await company.close()
