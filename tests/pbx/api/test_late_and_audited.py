"""An application that is built when it is asked for, and the audit of the control socket."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pbx.api.control_audit import AuditedControl
from pbx.api.late import SWITCH_S, Late


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pbx.test")


async def test_it_is_built_once_in_a_thread_for_all_who_ask_meanwhile() -> None:
    begun, gate = threading.Event(), threading.Event()
    built: list[Any] = []

    def build() -> Any:
        built.append((threading.current_thread(), sys.getswitchinterval()))
        begun.set()
        assert gate.wait(20)
        return PlainTextResponse("hello")

    before = sys.getswitchinterval()
    late = Late(build)
    async with client(late) as asking:
        first = asyncio.ensure_future(asking.get("/"))
        rest = [asyncio.ensure_future(asking.get("/")) for _ in range(3)]
        await asyncio.to_thread(begun.wait, 20)
        first.cancel()  # whoever came first may leave
        gate.set()
        assert [answer.text for answer in await asyncio.gather(*rest)] == ["hello"] * 3
    assert len(built) == 1
    assert built[0][0] is not threading.main_thread()
    assert built[0][1] == pytest.approx(SWITCH_S)
    assert sys.getswitchinterval() == pytest.approx(before)


async def test_what_cannot_be_built_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    def build() -> Any:
        raise TypeError("/forgotten declares no right")

    late = Late(build)
    async with client(late) as asking:
        answers = [await asking.get("/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert len([record for record in caplog.records if record.exc_info]) == 1
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await late({"type": "websocket", "path": "/live"}, send, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1011}]


class Log(list[tuple[Any, ...]]):
    async def record(self, who: None, address: str, *rest: Any, user: str = "") -> None:
        self.append((user, address, *rest))


async def test_changes_over_the_control_socket_are_written_down() -> None:
    log = Log()

    async def answer(request: Request) -> Response:
        return PlainTextResponse("", 404 if request.path_params["name"] == "none" else 200)

    routes = [Route("/agents/{name}/state", answer, methods=["GET", "POST", "DELETE"])]
    async with client(AuditedControl(Starlette(routes=routes), log)) as asking:
        await asking.get("/agents/201/state")
        await asking.post("/agents/201/state", headers={"x-user": "ola"})
        await asking.delete("/agents/none/state")
    assert log == [
        ("ola", "control.sock", "POST /agents/{name}/state", "/agents/201/state", 200),
        ("unknown", "control.sock", "DELETE /agents/{name}/state", "/agents/none/state", 404),
    ]
