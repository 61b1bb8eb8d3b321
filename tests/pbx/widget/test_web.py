"""The widget over HTTP: for the site's own pages alone, and in the visitor's language."""

from __future__ import annotations

import asyncio
import gzip
import json
from importlib import resources

import httpx
import pytest

from tests.pbx.callback.world import JAN
from tests.pbx.widget.shop import KEY, ORIGIN, Shop


async def test_the_script_is_cached_and_small() -> None:
    shop = await Shop().start()
    async with shop.web() as web:
        script = await web.get("/w.js")
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert script.content == resources.files("pbx.widget").joinpath("static/w.js").read_bytes()
        assert len(gzip.compress(script.content, 9)) <= 15_000
        again = await web.get("/w.js", headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    await shop.close()


async def test_only_pages_of_the_site_are_answered() -> None:
    shop = await Shop().start()
    async with shop.web() as web:

        async def config(origin: str | None, key: str = KEY) -> httpx.Response:
            headers = {"origin": origin} if origin else {}
            web.headers.pop("origin", None)
            return await web.get("/w/config", params={"key": key, "lang": "pl-PL"}, headers=headers)

        for origin in (ORIGIN, "https://www.shop.example"):
            found = await config(origin)
            assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, origin)
            assert found.headers["cache-control"] == "no-store"
        assert found.json()["texts"]["send"] == "Zadzwońcie do mnie"
        assert (await config(None)).status_code == 200, "a page of our own host"
        for origin in ("https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"):
            found = await config(origin)
            assert found.status_code == 403
            assert "access-control-allow-origin" not in found.headers
        assert (await config(ORIGIN, "pk_other0000000")).status_code == 403
        assert (await web.post("/w/request", json=shop.body())).status_code == 403, "no browser posts without an origin"
        assert (await web.post("/w/request", json=shop.body(), headers={"origin": "null"})).status_code == 403
    assert shop.world.book.open_items() == []
    await shop.close()


async def test_a_request_its_events_and_its_end() -> None:
    shop = await Shop({"201": {}}).start()
    shop.world.customer()
    async with shop.web() as web:
        taken = await web.post("/w/request", content=json.dumps(shop.body()), headers={"content-type": "text/plain"})
        assert taken.status_code == 201
        token = taken.json()["token"]
        events = await asyncio.wait_for(web.get(f"/w/request/{token}/events"), 120)
        assert events.headers["content-type"].startswith("text/event-stream")
        states = [json.loads(line[6:]) for line in events.text.splitlines() if line.startswith("data: ")]
        assert [state["state"] for state in states] == ["requested", "ringing", "connected", "connected"]
        assert [state["over"] for state in states] == [False, False, False, True]
        assert (await web.get(f"/w/request/{token}")).json() == states[-1]
        assert (await web.post(f"/w/request/{token}/cancel")).status_code == 409
        for other in (f"{token[:-1]}{'0' if token[-1] != '0' else '1'}", "x", "a.b"):
            assert (await web.get(f"/w/request/{other}")).status_code == 404
    await shop.close()


@pytest.mark.parametrize(
    ("change", "status", "error", "text"),
    [
        ({"number": "+48701234567"}, 403, "premium", "We cannot call this number."),
        ({"number": "+4915112345678"}, 403, "foreign", "We do not call this country. We call numbers of PL +48."),
        ({"number": "12"}, 422, "invalid", "There is no such number. Check the digits."),
        ({"queue": "nobody"}, 404, "queue", "We cannot take the request now. Please give us a call."),
        ({"id": "short"}, 422, "fields", "We cannot take the request now. Please give us a call."),
        (
            {"work": {"challenge": "x", "counter": 1}},
            409,
            "stale",
            "We cannot take the request now. Please give us a call.",
        ),
        ({"lang": "ru", "number": "112"}, 422, "invalid", "Такого номера нет. Проверьте цифры."),
    ],
)
async def test_refusals_have_a_reason_and_words(change: dict[str, object], status: int, error: str, text: str) -> None:
    shop = await Shop({"201": {"answer_after_s": None}}).start()
    async with shop.web() as web:
        body = shop.body(str(change.get("number", JAN)), address="192.0.2.1")
        answer = await web.post("/w/request", json={**body, **change})
        assert (answer.status_code, answer.json()["error"], answer.json()["text"]) == (status, error, text)
        assert ("work" in answer.json()) is (error == "stale")
        for garbage in (b"", b"[]", b"{", b"\xff", b'{"site": []}', b"x" * 1_048_576, b'{"a":' * 3000):
            assert (await web.post("/w/request", content=garbage)).status_code in (403, 413)
    await shop.close()


async def test_a_disabled_widget_leaves_the_numbers_alone() -> None:
    shop = await Shop(widget={"enabled": False}).start()
    async with shop.web() as web:
        found = await web.get("/w/config", params={"key": KEY})
        assert found.json() == {"departments": [], "countries": []}
        assert (await web.post("/w/request", json={"site": KEY, "lang": "en"})).status_code == 422
    await shop.close()


async def test_who_asks_without_end_is_answered_later() -> None:
    limits = {"visits_per_minute": 10, "reports_per_minute": 10}
    shop = await Shop({"201": {"answer_after_s": None}}, tracking=limits).start()
    async with shop.web() as web:
        body = shop.body(page="https://evil.example/?call=me")
        token = (await web.post("/w/request", json=body)).json()["token"]
        assert (await shop.row(token)).page == "", "agents are led to pages of the site alone"
        asked = [await web.get("/w/config", params={"key": KEY}) for _ in range(9)]
        assert {each.status_code for each in asked} == {200}
        assert (await web.get(f"/w/request/{token}")).status_code == 200
        for path in ("/w/config?key=" + KEY, f"/w/request/{token}", f"/w/request/{token}/events"):
            late = await web.get(path)
            assert (late.status_code, late.json()["error"]) == (429, "limit"), path
            assert 0 < int(late.headers["retry-after"]) <= 61
        posts = [await web.post("/w/request", json={**body, "lang": "pl"}) for _ in range(10)]
        assert [each.status_code for each in posts] == [201] * 9 + [429]
        assert posts[-1].json()["text"].startswith("Za dużo próśb")
        assert posts[-1].headers["access-control-allow-origin"] == ORIGIN, "so that the page can say it"
    await shop.close()
