"""Settings over HTTP: collections with ETags, import and export, history, who may."""

from __future__ import annotations

from types import SimpleNamespace

import yaml

from pbx.api.rest.routes.settings import settings_router
from pbx.app.settings_control import PbxSettingsControl
from tests.pbx.settings.home import Home
from tests.support.rest import client


def router(home: Home):  # type: ignore[no-untyped-def]
    app = SimpleNamespace(settings=home.settings, store=SimpleNamespace(settings=home.store))
    return settings_router(PbxSettingsControl(app))  # type: ignore[arg-type]


async def test_an_entry_is_made_changed_by_one_at_a_time_and_deleted() -> None:
    home = Home()
    async with client([router(home)], "admin") as admin:
        body = {"document": {"secret": "secret-of-103", "name": "Carla"}, "note": "new"}
        made = await admin.put("/settings/extension/103", json=body, headers={"if-none-match": "*"})
        assert made.status_code == 200, made.text
        assert made.json()["revision"] == 1
        again = await admin.put("/settings/extension/103", json=body, headers={"if-none-match": "*"})
        assert again.status_code == 412
        got = await admin.get("/settings/extension/103")
        assert got.headers["etag"] == made.headers["etag"]
        assert got.json()["document"] == {"number": "103", "secret": "***", "name": "Carla"}
        assert got.json()["origin"] == "database"
        changed = {"document": {**got.json()["document"], "name": "Clara"}}
        match = {"if-match": got.headers["etag"]}
        first = await admin.put("/settings/extension/103", json=changed, headers=match)
        assert first.status_code == 200, first.text
        assert [field["field"] for field in first.json()["changes"][0]["fields"]] == ["name"]  # *** kept the secret
        assert first.headers["etag"] != got.headers["etag"]
        late = await admin.put("/settings/extension/103", json=changed, headers=match)
        assert late.status_code == 412
        patched = await admin.patch("/settings/extension/103", json={"fields": {"name": None, "max_calls": 5}})
        assert patched.status_code == 200
        assert home.services.dialplan.extensions["103"].max_calls == 5
        assert home.services.dialplan.extensions["103"].secret.startswith("{HA1}pbx.test:")
        seen = await admin.delete("/settings/extension/103?apply=false")
        assert seen.json()["applied"] is False
        gone = await admin.delete("/settings/extension/103")
        assert gone.json()["changes"][0]["what"] == "removed"
        assert (await admin.get("/settings/extension/103")).status_code == 404
        table = await admin.put("/settings/features/-", json={"document": {"echo": "*99"}})
        assert table.status_code == 200
        assert (await admin.get("/settings/features/-")).json()["document"] == {"echo": "*99"}
        history = (await admin.get("/settings/history?limit=2")).json()
        assert [row["revision"] for row in history["items"]] == [5, 4]
        older = (await admin.get(f"/settings/history?cursor={history['next']}")).json()
        assert [(row["revision"], row["who"], row["note"]) for row in older["items"]][-1] == (1, "admin", "new")
        assert older["items"][-1]["steps"] == [{"section": "extension", "key": "103", "what": "written"}]
    await home.close()


async def test_faults_are_told_one_by_one_with_their_place() -> None:
    home = Home()
    async with client([router(home)], "admin") as admin:
        answer = await admin.put("/settings/queue/new", json={"document": {"agents": ["999"], "strategy": "linear"}})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == ["settings", "queue", "new", "agents", 0]
        assert (await admin.put("/settings/media/-", json={"document": {}})).status_code == 404
        assert (await admin.get("/settings/nothing")).status_code == 404
        assert (await admin.post("/settings/import", json={"yaml": "queue: ["})).status_code == 422
        assert (await admin.post("/settings/import", json={"yaml": "", "expected": 7})).status_code == 412
        assert (await admin.post("/settings/revert", json={"revision": 3})).status_code == 404
        assert (await admin.post("/settings/reload")).status_code == 409
    assert home.book.revision == 0
    await home.close()


async def test_import_export_schema_and_rights() -> None:
    home = Home()
    async with client([router(home)], "admin") as admin, client([router(home)], "supervisor") as supervisor:
        text = (await supervisor.get("/settings/export?section=team&section=queue")).text
        assert set(yaml.safe_load(text)) == {"team", "queue"}
        assert (await supervisor.get("/settings/export?secrets=true")).status_code == 403
        assert "secret-of-101" in (await admin.get("/settings/export?secrets=true")).text
        more = {"yaml": "team:\n- name: office\n  members: ['101']\n"}
        assert (await supervisor.post("/settings/import?apply=true", json=more)).status_code == 403
        looked = (await admin.post("/settings/import", json=more)).json()
        assert (looked["applied"], len(looked["changes"])) == (False, 1)
        done = (await admin.post("/settings/import?apply=true", json=more)).json()
        assert (done["applied"], done["revision"]) == (True, 1)
        overview = (await supervisor.get("/settings")).json()
        assert {row["name"]: row["entries"] for row in overview["sections"]}["team"] == 1
        assert "media" in {row["name"] for row in overview["technical"]}
        assert "ring_timeout_s" in (await supervisor.get("/settings-schema/queue")).json()["properties"]
        page = (await supervisor.get("/settings/extension?limit=1")).json()
        assert page["items"][0]["document"] == {"number": "101", "secret": "***"}
        assert page["next"]
        back = (await admin.post("/settings/revert", json={})).json()
        assert back["changes"][0]["what"] == "removed"
    await home.close()
