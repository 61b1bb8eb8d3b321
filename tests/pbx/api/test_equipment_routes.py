"""The control socket's routes of customers and ranges: what is asked for wrongly is refused with a remedy."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pbx.api.equipment_routes import MAX_LIST, equipment_routes


class Control:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def customers(self, text: str, tag: str, limit: int) -> list[dict[str, Any]]:
        self.asked.append((text, tag, limit))
        return []

    async def take_ranges(self, name: str, rows: list[Any], begin: bool, end: bool) -> dict[str, Any]:
        self.asked.append((name, rows, begin, end))
        return {"ranges": len(rows)}


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
def client(control: Control) -> httpx.AsyncClient:
    app = Starlette(routes=equipment_routes(control))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pbx")


async def test_a_list_is_of_so_many(control: Control, client: httpx.AsyncClient) -> None:
    for query in ("", "?limit=7&text=Ola", f"?limit={MAX_LIST + 1}&tag=vip"):
        assert (await client.get(f"/customers{query}")).status_code == 200
    assert control.asked == [("", "", 100), ("Ola", "", 7), ("", "vip", MAX_LIST)]


@pytest.mark.parametrize("limit", ["many", "-1", "9" * 5000, "²"])
async def test_a_limit_that_is_none_is_refused(control: Control, client: httpx.AsyncClient, limit: str) -> None:
    answer = await client.get("/customers", params={"limit": limit})
    assert (answer.status_code, control.asked) == (422, [])
    assert "limit is a number of rows, at most 10000" in answer.text


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/customers", b"{", 422, "the body is not JSON"),
        ("/customers", b"[]", 422, "the body must be a JSON object"),
        ("/customers", b'{"rows": [1]}', 422, 'give {\\"rows\\"'),
        ("/regions", b'{"rows": []}', 422, 'give {\\"name\\"'),
        ("/customers/+48600100200", b'{"pin": "1234"}', 422, 'give {\\"pin\\": HASH}'),
        ("/customers/+48600100200", b'{"pin": "scrypt$1234"}', 422, 'give {\\"pin\\": HASH}'),
    ],
)
async def test_a_body_that_says_nothing_is_refused(
    control: Control, client: httpx.AsyncClient, path: str, body: bytes, status: int, said: str
) -> None:
    answer = await client.post(path, content=body)
    assert (answer.status_code, control.asked) == (status, [])
    assert said in answer.text


async def test_parts_of_a_table_are_handed_on(control: Control, client: httpx.AsyncClient) -> None:
    part = {"name": "uke", "rows": [[1, 2, "x", ""]], "begin": True}
    assert (await client.post("/regions", json=part)).json() == {"ranges": 1}
    assert control.asked == [("uke", [[1, 2, "x", ""]], True, False)]
