"""What pages ask over HTTP: who may, how much, and what they are answered; nothing of it needs a socket here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from pbx.api.per_minute import PerMinute
from pbx.api.tracking_web import TrackingWeb
from pbx.call.testing import CallHarness
from pbx.events import Alarm, NumberBad
from pbx.tracking.guarding import MAX_OF_PLACE, MAX_PLACES
from pbx.tracking.service import Tracking
from tests.pbx.tracking.support import BROWSER, KEY, SITE, MemoryStore, config

PAGE = "https://shop.example/"


class Site:
    """The routes of /t/ with tracking behind them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        masked = [{"name": "north", "number": "+48221110009", "dealer": "North Ltd"}]
        site = {**SITE, "origins": ["https://shop.example", "https://*.shop.example"], "server_token": "t0ken"}
        settings = {"site_web": [site], "masked_number": masked, **settings}
        self.config = config(**settings)
        self.harness = CallHarness(config=self.config)
        self.store = MemoryStore()
        self.tracking = Tracking(self.harness.services, self.store, folder, KEY)
        self.tracking.desk.start([], [], self.tracking.now())
        self.now = 1000.0
        self.web = TrackingWeb(self.tracking, self.config, lambda: self.now)
        self.app = Starlette(routes=self.web.routes())

    async def post(
        self, path: str, body: Any = None, *, origin: str = "https://shop.example", method: str = "POST", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        raw = body if isinstance(body, bytes) else json.dumps({"site": SITE["key"], **(body or {})}).encode()
        listed = {"origin": origin, "user-agent": BROWSER, "content-type": "text/plain", **headers}
        scope = {
            "type": "http", "method": method, "path": f"/t/{path}", "raw_path": b"", "root_path": "",
            "query_string": b"", "scheme": "https", "http_version": "1.1", "server": ("pbx", 443),
            "client": ("192.0.2.7", 4711), "headers": [(n.encode(), v.encode()) for n, v in listed.items() if v],
        }  # fmt: skip
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in sent[1:])
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], json.loads(text) if text else None, answered


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_a_page_of_the_site_is_answered_and_no_other(tmp_path: Path) -> None:
    site = Site(tmp_path)
    status, answer, headers = await site.post("visit", {"page": PAGE})
    assert (status, answer["numbers"]["main"]["kind"]) == (200, "session")
    assert headers["access-control-allow-origin"] == "https://shop.example"
    assert (headers["vary"], headers["cache-control"]) == ("Origin", "no-store")
    below, _, _ = await site.post("visit", {"page": PAGE}, origin="https://de.shop.example")
    assert below == 200
    for origin in ("https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", ""):
        status, answer, headers = await site.post("visit", {"page": PAGE}, origin=origin)
        assert (status, "access-control-allow-origin" in headers) == (403, False), origin
    status, answer, _ = await site.post("visit", {"site": "pk_wrong12345", "page": PAGE})
    assert (status, answer["error"]) == (403, "there is no such site")


async def test_preflights(tmp_path: Path) -> None:
    site = Site(tmp_path)
    status, _, headers = await site.post("visit", method="OPTIONS")
    assert (status, headers["access-control-allow-headers"]) == (204, "content-type")
    status, _, headers = await site.post("visit", method="OPTIONS", origin="https://evil.example")
    assert (status, "access-control-allow-origin" in headers) == (403, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"{", 400), (b"x" * 20_000, 413), (b'{"site": 7}', 403), (b"\xff\xfe", 400)],
)
async def test_bodies_that_are_none(tmp_path: Path, body: bytes, status: int) -> None:
    answered, answer, _ = await Site(tmp_path).post("visit", body)
    assert answered == status
    assert set(answer) == {"error", "remedy"}


async def test_too_much_of_one_address(tmp_path: Path) -> None:
    site = Site(tmp_path, tracking={"visits_per_minute": 10})
    statuses = [(await site.post("visit", {"page": PAGE}))[0] for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    status, _, headers = await site.post("visit", {"page": PAGE})
    assert status == 429
    assert int(headers["retry-after"]) <= 61
    site.now += 61
    assert (await site.post("visit", {"page": PAGE}))[0] == 200


def test_an_ipv6_customer_is_his_network() -> None:
    limit = PerMinute(2, lambda: 0.0)
    assert [limit.take(f"2001:db8:1:2::{host}") for host in range(3)] == [0, 0, 61]
    assert limit.take("2001:db8:1:3::1") == 0


async def test_a_session_lives_by_its_beats(site: Site) -> None:
    _, answer, _ = await site.post("visit", {"page": PAGE})
    status, beat, _ = await site.post("beat", {"session": answer["session"]})
    assert (status, beat) == (200, {"ttl_s": 1800.0})
    assert (await site.post("beat", {"session": "forged"}))[1] == {"again": True}
    assert (await site.post("beat", {"session": answer["session"], "end": True}))[0] == 200
    assert (await site.post("beat", {"session": answer["session"]}))[1] == {"again": True}, "nothing leads back to it"


async def test_reveals_are_counted_once_a_visit(site: Site) -> None:
    _, answer, _ = await site.post("visit", {"page": PAGE})
    for _ in range(2):
        status, found, _ = await site.post("reveal", {"session": answer["session"], "masked": "north", "page": PAGE})
        assert (status, found["number"]) == (200, "+48221110009")
    (event,) = site.store.events.values()
    assert (event.kind, event.dealer, event.visit) == ("reveal", "North Ltd", answer["visit"])
    assert (await site.post("reveal", {"masked": "south"}))[0] == 422


async def test_taps_are_remembered(site: Site) -> None:
    _, answer, _ = await site.post("visit", {"page": PAGE})
    status, _, _ = await site.post("event", {"visit": answer["visit"], "event": "tel_click", "page": PAGE})
    assert status == 204
    assert site.tracking.sessions.live[answer["visit"]].tapped > 0
    assert (await site.post("event", {"event": "purchase"}))[0] == 422


async def test_a_server_that_renders_pages_asks_with_its_token(site: Site) -> None:
    body = {"page": PAGE, "user_agent": BROWSER}
    status, answer, headers = await site.post("server", body, origin="", authorization="Bearer t0ken")
    assert (status, answer["numbers"]["main"]["kind"]) == (200, "session")
    assert "access-control-allow-origin" not in headers
    for token in ("", "Bearer wrong", "Bearer "):
        assert (await site.post("server", body, origin="", authorization=token))[0] == 403


async def test_a_number_whose_last_digits_are_hidden_is_an_alarm_until_it_is_right_again(site: Site) -> None:
    """The fixture of the truncated number: source +7 (495) XXX-XX-XX, shown +7 (495) YYY-."""
    bad: list[NumberBad] = []
    alarms: list[Alarm] = []
    site.harness.bus.subscribe(NumberBad, bad.append)
    site.harness.bus.subscribe(Alarm, alarms.append)
    shown = {"shown": "+7 (495) 765-", "assigned": "+74957654321"}
    report = {"page": "https://shop.example/lp?email=a@b.pl", "selector": "#tel", **shown}
    _, answer, _ = await site.post("visit", {"page": report["page"]})
    seen = {**report, "session": answer["session"], "href": "tel:+74957654321", "verdict": "truncated"}
    assert [(await site.post("guard", seen))[0] for _ in range(3)] == [204] * 3
    assert [(alarm.name, alarm.active) for alarm in alarms] == [("number.bad:shop:shop.example/lp", True)]
    assert "its last digits cannot be seen" in alarms[0].text
    assert [(event.verdict, event.active, event.visit) for event in bad] == [("truncated", True, answer["visit"])]
    assert len(site.store.reports) == 3
    assert "email" not in site.store.reports[0].page
    await site.post("guard", {**seen, "selector": "#other", "verdict": "overwritten"})
    await site.post("guard", {**seen, "verdict": "number_ok"})
    assert alarms[-1].active, "another place of the page is still wrong"
    await site.post("guard", {**seen, "selector": "#other", "verdict": "number_ok"})
    assert [alarm.active for alarm in alarms] == [True, False]
    assert (await site.post("guard", {"page": PAGE, "verdict": "fine"}))[0] == 422
    for elsewhere in (
        "https://evil.example/lp",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
    ):
        assert (await site.post("guard", {**seen, "page": elsewhere}))[0] == 422, "nobody makes an alarm name his page"
    assert len(alarms) == 2
    for n in range(MAX_PLACES + 5):
        assert (await site.post("guard", {**seen, "selector": f"#{n}"}))[0] == 204
    assert [len(places) for places in site.tracking.guarding.bad.values()] == [MAX_PLACES]


async def test_one_network_raises_few_alarms(site: Site) -> None:
    """Who knows the key of a site may report what he likes: he buries no true alarm, and each page is told of."""
    bad: list[NumberBad] = []
    alarms: list[Alarm] = []
    site.harness.bus.subscribe(NumberBad, bad.append)
    site.harness.bus.subscribe(Alarm, alarms.append)
    seen = {"selector": "#tel", "shown": "+7 (495) 765-", "assigned": "+74957654321", "verdict": "truncated"}
    for n in range(MAX_OF_PLACE + 3):
        assert (await site.post("guard", {**seen, "page": f"https://shop.example/lp/{n}"}))[0] == 204
    assert (len(alarms), len(bad)) == (MAX_OF_PLACE, MAX_OF_PLACE + 3)


async def test_connections_are_closed_with_the_answer_when_they_are_many(tmp_path: Path) -> None:
    site = Site(tmp_path)
    _, _, headers = await site.post("visit", {"page": PAGE})
    assert "connection" not in headers
    web = TrackingWeb(site.tracking, site.config, lambda: 0.0, lambda: True)
    site.app = Starlette(routes=web.routes())
    status, _, headers = await site.post("visit", {"page": PAGE})
    assert (status, headers["connection"]) == (200, "close")
