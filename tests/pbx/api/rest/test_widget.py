"""The widget over the API: requests page by page, the proof for those who may erase, bans that are lifted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from pbx.api.rest.routes.widget import widget_router
from pbx.app.widget_control import PbxWidgetControl
from pbx.call.keeping import MemoryKeeper
from pbx.clock import VirtualClock
from pbx.widget.bans import Bans
from pbx.widget.keeping import MemoryWidgets
from pbx.widget.states import Shown
from tests.pbx.store.test_widget import NOW, ROW
from tests.support.rest import client


async def pbx() -> Any:
    """As much of a process as the routes ask."""
    store = MemoryWidgets()
    for count in range(3):
        await store.write(replace(ROW, id=f"{count}" * 32, created=NOW + count))
    await store.keep_wording("v", "en", "I agree.", NOW)
    bans = Bans(VirtualClock(NOW), "Europe/Warsaw", MemoryKeeper())
    bans.limits = {"shop": (1, 7.0)}
    bans.offend("shop", "address:192.0.2.1")
    bans.judge()

    async def state(_row: object) -> Shown:
        return Shown("connected", over=True)

    return SimpleNamespace(store=SimpleNamespace(widget=store), widget=SimpleNamespace(bans=bans, state=state))


async def test_requests_proof_and_bans() -> None:
    router = widget_router(PbxWidgetControl(await pbx()))
    async with client([router], "admin") as admin:
        first = (await admin.get("/widget/requests", params={"limit": 2})).json()
        assert [row["id"][0] for row in first["items"]] == ["2", "1"]
        assert (first["items"][0]["state"], first["items"][0]["shown_s"]) == ("connected", 28.0)
        assert "address" not in first["items"][0], "the proof alone says who"
        rest = (await admin.get("/widget/requests", params={"limit": 2, "cursor": first["next"]})).json()
        assert ([row["id"][0] for row in rest["items"]], rest["next"]) == (["0"], None)
        proof = (await admin.get(f"/widget/requests/{'1' * 32}")).json()
        assert (proof["wording"], proof["address"], proof["given"]) == ("I agree.", "192.0.2.1", True)
        assert (await admin.get(f"/widget/requests/{'f' * 32}")).status_code == 404
        (ban,) = (await admin.get("/widget/bans")).json()["items"]
        assert (ban["site"], ban["key"], ban["offences"]) == ("shop", "address:192.0.2.1", 1)
        body = {"site": "shop", "key": "address:192.0.2.1"}
        assert (await admin.post("/widget/bans/lift", json=body)).status_code == 200
        assert (await admin.post("/widget/bans/lift", json=body)).status_code == 404
    async with client([router], "agent") as agent:
        for path in ("/widget/requests", f"/widget/requests/{'1' * 32}", "/widget/bans"):
            assert (await agent.get(path)).status_code == 403
