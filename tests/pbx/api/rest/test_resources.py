"""The resources of a whole PBX over HTTP: what is told and to whom, and what is done."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from pbx.accounts.rights import Role
from pbx.api.control import Refused
from pbx.api.rest.routes.reports import MOST_OF_ONE, Turns
from pbx.app.pbx import Pbx
from pbx.app.rest_resources import resource_routers
from tests.support.house import RECORDED, house
from tests.support.rest import client, person, services

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pbx]:
    async with house(tmp_path_factory.mktemp("house")) as app:
        yield app


@pytest.fixture(scope="module")
def routers(pbx: Pbx) -> list[APIRouter]:
    return resource_routers(pbx)


@asynccontextmanager
async def asking(routers: list[APIRouter], role: Role, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """As somebody of this role."""
    made = services()
    made.authenticator.known[role.value] = person(role, **changes)  # type: ignore[attr-defined]
    async with client(routers, role.value, made) as found:
        yield found


AGENT = {"extension": "101", "queues": frozenset({"sales"})}


async def test_calls_of_the_past_page_after_page(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.ADMIN) as admin:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = (await admin.get("/cdrs", params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
            found += page["items"]
            if page["next"] is None:
                break
            cursor = page["next"]
        assert [row["id"] for row in found] == [f"{number:032x}" for number in range(8, 0, -1)]
        first = found[-1]
        assert (first["outcome"], first["missed"], first["recorded"]) == ("talked", False, True)
        assert datetime.fromisoformat(first["started"]).timestamp() == 1_790_000_000.0
        missed = (await admin.get("/cdrs", params={"missed": True})).json()["items"]
        assert {row["outcome"] for row in missed} == {"abandoned"}
        assert len(missed) == 4
        for wanted in ({"queue": "service"}, {"agent": "101"}, {"number": "+48 22 123 45 67"}, {"outcome": "busy"}):
            answer = await admin.get("/cdrs", params=wanted)
            assert answer.status_code == 200
        assert (await admin.get("/cdrs", params={"cursor": "nonsense"})).status_code == 422
        assert (await admin.get("/cdrs", params={"since": "2026-11-22"})).status_code == 422


async def test_a_call_with_its_parts_and_its_journey(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.ADMIN) as admin:
        call = (await admin.get(f"/cdrs/{RECORDED}")).json()
        assert [(stay["queue"], stay["agent"], stay["outcome"]) for stay in call["stays"]] == [
            ("sales", "101", "answered")
        ]
        steps = (await admin.get(f"/calls/{RECORDED}/journey")).json()["steps"]
        assert [step["event"] for step in steps][:3] == ["call.started", "call.routed", "call.answered"]
        assert steps[0]["data"]["caller"] == "+48221234567"
        for path in (f"/cdrs/{'f' * 32}", f"/calls/{'f' * 32}/journey", f"/calls/{RECORDED}"):
            assert (await admin.get(path)).status_code == 404


async def test_an_agent_sees_his_queues_and_himself(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.AGENT, **AGENT) as agent:
        rows = (await agent.get("/cdrs")).json()["items"]
        assert {row["queue"] for row in rows} == {"sales", "service"}  # 101 answered the calls of both
        assert [row["name"] for row in (await agent.get("/queues")).json()["items"]] == ["sales"]
        assert {row["extension"] for row in (await agent.get("/agents")).json()["items"]} == {"101", "102"}
    async with asking(routers, Role.AGENT, extension="103", queues=frozenset()) as other:
        assert (await other.get("/cdrs")).json() == {"items": [], "next": None}
        for path in (f"/cdrs/{RECORDED}", f"/calls/{RECORDED}/journey", "/queues/sales", "/agents/101"):
            assert (await other.get(path)).status_code == 404
        assert (await other.get(f"/recordings/{RECORDED}")).status_code == 403


async def test_who_listens_is_noted_and_who_deletes_too(pbx: Pbx, routers: list[APIRouter]) -> None:
    async with asking(routers, Role.SUPERVISOR) as listener:
        assert len((await listener.get("/recordings")).json()["items"]) == 1
        about = (await listener.get(f"/recordings/{RECORDED}")).json()
        assert (about["octets"], about["duration_s"], about["media_type"]) == (64_044, 2.0, "audio/wav")
        for start in range(0, 64_044, 20_000):
            part = await listener.get(f"/recordings/{RECORDED}/audio", headers={"range": f"bytes={start}-"})
            assert part.status_code == 206
        assert (await listener.head(f"/recordings/{RECORDED}/audio")).headers["content-length"] == "64044"
        assert (await listener.delete(f"/recordings/{RECORDED}")).status_code == 403
    events = [event for event in await pbx.store.journey(RECORDED) if event.kind.value == "recording.listened"]
    assert [event.data for event in events] == [{"recording": RECORDED, "by": "person:supervisor"}]
    async with asking(routers, Role.ADMIN) as admin:
        assert (await admin.get(f"/recordings/{RECORDED}-2/audio")).status_code == 404
        assert (await admin.get("/recordings/..%2f..%2fetc/audio")).status_code in (404, 422)
        assert (await admin.delete(f"/recordings/{RECORDED}")).status_code == 204
        await pbx.store.journey(RECORDED)  # when this is read, everything before it is written
        assert (await admin.get("/recordings")).json()["items"] == []
        assert (await admin.get(f"/recordings/{RECORDED}/audio")).status_code == 404
        assert (await admin.delete(f"/recordings/{RECORDED}")).status_code == 404
        assert (await admin.get(f"/cdrs/{RECORDED}")).json()["recorded"] is False


async def test_agents_move_themselves_and_supervisors_move_all(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.AGENT, **AGENT) as agent:
        moved = await agent.put("/agents/101/state", json={"state": "break", "reason": "lunch"})
        assert (moved.status_code, moved.json()["state"], moved.json()["reason"]) == (200, "break", "lunch")
        assert (await agent.put("/agents/102/state", json={"state": "break", "reason": "lunch"})).status_code == 403
        assert (await agent.put("/agents/101/state", json={"state": "break", "reason": "fishing"})).status_code == 422
        assert (await agent.patch("/phones/101", json={"dnd": True})).json()["dnd"] is True
        assert (await agent.patch("/phones/102", json={"dnd": True})).status_code == 403
        assert [row["extension"] for row in (await agent.get("/phones")).json()["items"]] == ["101"]
    async with asking(routers, Role.SUPERVISOR) as supervisor:
        assert (await supervisor.put("/agents/102/state", json={"state": "offline"})).status_code == 200
        assert (await supervisor.put("/agents/999/state", json={"state": "offline"})).status_code == 404


async def test_contacts_from_asking_to_the_end(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.AGENT, **AGENT) as agent:
        asked = {"number": "+48600100201", "queue": "sales", "reason": "wrote"}
        contact = (await agent.post("/contacts", json=asked)).json()
        assert (contact["state"], contact["reason"]) == ("open", "wrote")
        assert (await agent.post("/contacts", json={**asked, "queue": "service"})).status_code == 403
        claimed = (await agent.post(f"/contacts/{contact['id']}/claim", json={"by": "agent:102"})).json()
        assert claimed["claimed_by"] == "agent:101"  # in his own name, whatever he says
        closed = await agent.post(f"/contacts/{contact['id']}/close", json={"end": "reached"})
        assert (closed.status_code, closed.json()["end"]) == (200, "reached")
        assert (await agent.post(f"/contacts/{contact['id']}/claim", json={})).status_code == 409
        detail = (await agent.get(f"/contacts/{contact['id']}")).json()
        assert [step["event"] for step in detail["journey"]] == [
            "contact.opened",
            "contact.claimed",
            "contact.closed",
        ]
        listed = (await agent.get("/contacts", params={"state": "closed"})).json()["items"]
        assert contact["id"] in [row["id"] for row in listed]


async def test_a_callback_is_asked_for_once(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.ADMIN) as admin:
        asked = {"number": "+48600100202", "queue": "sales", "at": "2036-12-24T10:00:00+01:00"}
        refused = await admin.post("/callbacks", json=asked)
        assert refused.status_code == 422  # too far ahead
        first = await admin.post("/callbacks", json={**asked, "at": None}, headers={"idempotency-key": "form-1"})
        again = await admin.post("/callbacks", json={**asked, "at": None}, headers={"idempotency-key": "form-1"})
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["id"] == again.json()["id"]
        assert again.headers["idempotency-replayed"] == "true"
        merged = await admin.post("/callbacks", json={**asked, "at": None})
        assert (merged.status_code, merged.json()["new"]) == (200, False)
        assert (await admin.delete(f"/callbacks/{first.json()['id']}")).status_code == 204
        assert (await admin.get(f"/callbacks/{first.json()['id']}")).status_code == 404
        assert (await admin.post("/callbacks", json={**asked, "queue": "none", "at": None})).status_code == 404


async def test_messages_templates_and_opt_outs(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.ADMIN) as admin:
        asked = {"to": "+48600100203", "template": "order", "variables": {"order": "A17"}, "key": "order-A17"}
        preview = (await admin.post("/sms/preview", json=asked)).json()
        assert preview["text"] == "Your order A17 is on its way."
        sent = await admin.post("/sms", json=asked)
        assert (sent.status_code, sent.json()["new"]) == (201, True)
        again = await admin.post("/sms", json=asked)
        assert (again.status_code, again.json()["id"], again.json()["new"]) == (200, sent.json()["id"], False)
        listed = (await admin.get("/sms", params={"number": "+48600100203"})).json()["items"]
        assert [row["id"] for row in listed] == [sent.json()["id"]]
        assert (await admin.post("/sms/optouts", json={"number": "+48600100204"})).json()["opted_out"] is True
        assert [row["number"] for row in (await admin.get("/sms/optouts")).json()["items"]] == ["+48600100204"]
        assert (await admin.delete("/sms/optouts/+48600100204")).json()["changed"] is True


async def test_customers_from_a_table(routers: list[APIRouter]) -> None:
    table = "telefon;nazwa;tagi\r\n+48600100205;Anna Nowak;gold\r\nnonsense;Nobody;\r\n"
    async with asking(routers, Role.ADMIN) as admin:
        taken = (await admin.post("/customers/import", params={"batch": "crm"}, content=table.encode())).json()
        assert (taken["taken"], taken["lines"], len(taken["problems"])) == (1, 2, 1)
        assert (await admin.get("/customers/+48600100205")).json()["name"] == "Anna Nowak"
        assert (await admin.get("/customers", params={"text": "nowak"})).json()["items"][0]["tags"] == ["gold"]
        assert (await admin.delete("/customers/+48600100205")).status_code == 204
        assert (await admin.get("/customers/+48600100205")).status_code == 404
        assert (await admin.post("/customers/import", params={"batch": "a b"}, content=b"")).status_code == 422


async def test_flows_drafts_and_versions(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.ADMIN) as admin:
        document = (await admin.get("/flows/hotline")).json()
        document["blocks"]["hello"]["text"] = "Good day."
        saved = (await admin.put("/flows/hotline/draft", json={"document": document})).json()
        assert (saved["version"], saved["problems"], saved["author"]) == (1, [], "admin")
        change = (await admin.get("/flows/hotline/diff")).json()[0]
        assert (change["path"], change["new"]) == ("/blocks/hello/text", '"Good day."')
        published = await admin.post("/flows/hotline/publish", json={"note": "kinder"})
        assert (published.status_code, published.json()["state"]) == (200, "published")
        assert (await admin.get("/flows")).json()["items"][0]["version"] == 1
        assert (await admin.post("/flows/hotline/rollback", json={"to": 0})).status_code == 200
        assert (await admin.get("/flows")).json()["items"][0]["version"] == 0
        broken = {**document, "start": "nowhere"}
        assert (await admin.post("/flow-check", json={"document": broken})).json()["problems"]
        assert (await admin.get("/flow-templates/hotline")).json()["start"]
        assert (await admin.get("/flows/none")).status_code == 404


async def test_a_report_as_data_and_as_csv(routers: list[APIRouter]) -> None:
    asked = {"from": "2026-09-21", "to": "2026-09-22"}
    async with asking(routers, Role.ADMIN) as admin:
        names = [row["name"] for row in (await admin.get("/reports", params={"limit": 200})).json()["items"]]
        assert "queues" in names
        report = (await admin.get("/reports/queues", params=asked)).json()
        row = next(row for row in report["sheets"][0]["rows"] if row["queue"] == "sales")
        assert row["offered"] == 5
        csv = await admin.get("/reports/queues", params={**asked, "format": "csv", "queue": "sales"})
        assert csv.headers["content-type"] == "text/csv; charset=utf-8"
        assert csv.text.splitlines()[1].count("sales") == 1
        assert (await admin.get("/reports/none")).status_code == 404
        column = next(one for one in report["sheets"][0]["columns"] if one["name"] == "SL4")
        assert (column["formula"], column["measure"]) == ("SL4", "share")
        known = (await admin.get("/figures", params={"limit": 200})).json()["items"]
        assert {"id": "FCR.PROXY", "what": "call", "keys": ["queue"]} in known
        behind = {**asked, "figure": "OFF", "queue": "sales", "limit": 2}
        first = (await admin.get("/figures/calls", params=behind)).json()
        assert (first["what"], first["whole"], len(first["rows"])) == ("call", row["offered"], 2)
        then = (await admin.get("/figures/calls", params={**behind, "cursor": first["next"]})).json()
        assert not {one["id"] for one in first["rows"]} & {one["id"] for one in then["rows"]}
        assert (await admin.get("/figures/calls", params={**asked, "figure": "LUCK"})).status_code == 404
        course = (await admin.get("/reports/queues", params={**asked, "per": "hour", "by": "number"})).json()
        rows = [one for one in course["sheets"][0]["rows"] if one["number"] != "all" and one["offered"]]
        assert sum(one["offered"] for one in rows) >= row["offered"]
        hour = {"per": "hour", "interval": rows[0]["interval"], "number": rows[0]["number"] or "-"}
        assert datetime.fromisoformat(rows[0]["from"]).utcoffset() is not None
        opened = (await admin.get("/figures/calls", params={**asked, "figure": "OFF", **hour})).json()
        assert opened["whole"] == rows[0]["offered"]
        for wrong in ({"per": "moon"}, {"per": "hour", "from": "1990-01-01"}):
            assert (await admin.get("/reports/queues", params={**asked, **wrong})).status_code == 422
        assert (await admin.get("/figures/calls", params={**behind, "interval": "2026"})).status_code == 422
        assert (await admin.get("/figures/calls", params={**behind, "moon": "full"})).status_code == 422


async def test_who_sees_some_queues_asks_for_reports_of_those(routers: list[APIRouter]) -> None:
    asked = {"from": "2026-09-21", "to": "2026-09-22"}
    mine, figure = {**asked, "queue": "sales"}, {**asked, "figure": "OFF"}
    async with asking(routers, Role.VIEWER, queues=frozenset({"sales"})) as viewer:
        for path, params in (("/reports/queues", asked), ("/reports/agents", asked), ("/figures/calls", figure)):
            for queue in ({}, {"queue": ""}, {"queue": "-"}, {"queue": "all"}, {"queue": "night"}):
                assert (await viewer.get(path, params={**params, **queue})).status_code == 403, (path, queue)
        assert (await viewer.get("/reports/queues", params=mine)).status_code == 200
        assert (await viewer.get("/reports/agents", params=mine)).status_code == 422
        for by in ("queue", "source", "agent", "team"):
            told = (await viewer.get("/reports/queues", params={**mine, "by": by, "per": "day"})).json()
            offered = {one[by]: 0 for one in told["sheets"][0]["rows"]}
            for one in told["sheets"][0]["rows"]:
                offered[one[by]] += one["offered"]
            assert max(offered.values()) <= 5, offered
        calls = (await viewer.get("/reports/calls", params=mine)).json()["sheets"][0]["rows"]
        assert calls[-1]["calls"] == 5
        assert (await viewer.get("/figures/calls", params={**mine, "figure": "OFF"})).json()["whole"] == 5
        assert (await viewer.get("/figures/calls", params={**mine, "figure": "SEIZED"})).status_code != 200


async def test_planning_of_the_queues_that_one_sees(routers: list[APIRouter]) -> None:
    hour = {"calls": 100, "agent_hour": 60, "lost_call": 30, "handling_s": 180, "patience_s": 300}
    async with asking(routers, Role.VIEWER, queues=frozenset({"sales"})) as viewer:
        found = (await viewer.get("/staffing/sales/what-if", params=hour)).json()
        assert [row["meets"] for row in found["rows"]] == ["missed", "missed", "met", "met", "met"]
        assert (await viewer.get("/staffing/night/what-if", params=hour)).status_code == 403
        need = await viewer.get("/staffing/sales/need", params={"from": "2026-09-25", "event": "2026-09-25=x"})
        assert need.status_code == 422
        assert "DATE=FACTOR" in need.text
        promised = (await viewer.get("/staffing/sales/promise", params={"share": 0.8})).json()
        assert promised["title"].startswith("Guaranteed callback time, 80%")
    async with asking(routers, Role.ADMIN) as admin:
        assert (await admin.get("/staffing/moon/need")).status_code == 404
        assert (await admin.get("/staffing/sales/need", params={"minutes": 20})).status_code == 422


async def test_one_does_not_take_the_reports_of_all() -> None:
    turns, who = Turns(), person(Role.VIEWER)
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            stack.enter_context(turns.one(who))
        with pytest.raises(Refused) as refused, turns.one(replace(who, id="a token", owner=who.id)):
            pass
        assert refused.value.status == 429
        with turns.one(person(Role.ADMIN)):
            pass
    with turns.one(who):
        pass


async def test_calls_begin_by_rights(routers: list[APIRouter]) -> None:
    async with asking(routers, Role.AGENT, **AGENT) as agent:
        assert (await agent.post("/calls", json={"caller": "102", "to": "101"})).status_code == 403
        begun = await agent.post("/calls", json={"caller": "101", "to": "102"})
        assert begun.status_code == 202
    async with asking(routers, Role.VIEWER) as viewer:
        assert (await viewer.post("/calls", json={"caller": "101", "to": "102"})).status_code == 403
    async with asking(routers, Role.ADMIN) as admin:
        assert (await admin.post("/calls", json={"caller": "+48600100200", "to": "102"})).status_code == 404
        shown = {"caller": "101", "to": "102", "caller_id": "+48999"}
        assert (await admin.post("/calls", json=shown)).status_code == 403
