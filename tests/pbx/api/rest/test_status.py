"""GET /status and /me, and the description of them all."""

from __future__ import annotations

from typing import Any

from pbx.api.rest.routes.status import status_router
from tests.support.rest import client


class Control:
    def status(self) -> dict[str, Any]:
        return {"name": "centrala", "version": "1", "calls": 2, "cpu_s": 0.5}


async def test_status_and_me() -> None:
    async with client([status_router(Control())], "agent") as agent:
        assert (await agent.get("/status")).status_code == 403
        me = (await agent.get("/me")).json()
        assert (me["role"], me["extension"], me["queues"]) == ("agent", "201", ["sales"])
        assert "calls.read" in me["permissions"]
    async with client([status_router(Control())], "viewer") as viewer:
        assert (await viewer.get("/status")).json() == {"name": "centrala", "version": "1", "calls": 2, "cpu_s": 0.5}


async def test_the_description_says_what_every_route_answers() -> None:
    async with client([status_router(Control())]) as nobody:
        document = (await nobody.get("/openapi.json")).json()
    operation = document["paths"]["/status"]["get"]
    assert operation["x-permissions"] == ["status.read"]
    assert {"200", "401", "403", "429", "503"} <= set(operation["responses"])
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert operation["responses"]["401"]["content"] == problem
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["servers"] == [{"url": "/api/v1"}]
