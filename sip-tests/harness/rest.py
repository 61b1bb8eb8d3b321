"""The `rest` step: a request to the HTTP API, with an admin's token that the first of them makes.

`{method: POST, path: "/calls/{call}/transfer", body: {...}, headers: {...}, status: 202}`; GET until `has` is in the
answer; `keep: {call: items.0.id}` keeps a value for later paths and bodies, `octets` is how long the answer is, `told`
which of its headers match.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.records import has

if TYPE_CHECKING:
    from harness.pbx import Pbx

PORT = 8080
PREFIX = "/api/v1"
USER = "rest"


class RestFailed(Exception):
    """The text says what was expected and what came."""


class Rest:
    """Of one behaviour; `feed` is called while something is waited for."""

    def __init__(self, pbx: Pbx, feed: Callable[[], None]) -> None:
        self._pbx, self._feed = pbx, feed
        self._token = self._token_id = ""
        self._kept: dict[str, str] = {}

    def act(self, wanted: dict[str, Any], timeout_s: float) -> None:
        """Does one step. Raises RestFailed."""
        method, path = wanted.get("method", "GET"), self._filled(wanted["path"])
        deadline = time.monotonic() + timeout_s
        while True:
            status, told, data = self._request(method, path, wanted)
            problem = self._judge(wanted, status, told, data)
            if not problem:
                break
            if method != "GET" or "has" not in wanted or time.monotonic() > deadline:
                raise RestFailed(f"{method} {path}: {problem}")
            self._feed()
            time.sleep(0.05)
        for name, place in wanted.get("keep", {}).items():
            self._kept[name] = str(_found(json.loads(data), place))

    def close(self) -> None:
        """The token opens nothing any more; its owner stays, as the only admin must."""
        if self._token and self._pbx.alive():
            self._pbx.control.request("DELETE", f"/tokens/{self._token_id}")

    def _judge(self, wanted: dict[str, Any], status: int, told: http.client.HTTPMessage, data: bytes) -> str:
        usual = 200 if wanted.get("method", "GET") == "GET" else None
        expected = wanted.get("status", usual)
        if status != expected if expected else status >= 300:
            return f"status {status}, not {expected or '2xx'}: {data[:300]!r}"
        if "octets" in wanted and len(data) != wanted["octets"]:
            return f"{len(data)} octets, not {wanted['octets']}"
        for name, pattern in wanted.get("told", {}).items():
            if not re.search(pattern, told.get(name, "")):
                return f"header {name} is {told.get(name)!r}, not {pattern!r}"
        if "has" in wanted and not has(json.loads(data), self._deep(wanted["has"])):
            return f"never had {wanted['has']}; last: {data[:1500]!r}"
        return ""

    def _request(self, method: str, path: str, wanted: dict[str, Any]) -> tuple[int, http.client.HTTPMessage, bytes]:
        if not self._token:
            if not any(user["login"] == USER for user in self._pbx.control.get("/users")):
                self._pbx.control.request("POST", "/users", {"login": USER, "role": "admin"})
            made = self._pbx.control.request("POST", "/tokens", {"name": USER, "user": USER})
            self._token, self._token_id = made["token"], made["id"]
        connection = http.client.HTTPConnection(self._pbx.address, PORT, timeout=10)
        headers = {"authorization": f"Bearer {self._token}", **wanted.get("headers", {})}
        body = None
        if "body" in wanted:
            body, headers["content-type"] = json.dumps(self._deep(wanted["body"])), "application/json"
        try:
            connection.request(method, PREFIX + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _filled(self, text: str) -> str:
        for name, value in self._kept.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._filled(value)
        if isinstance(value, dict):
            return {name: self._deep(inner) for name, inner in value.items()}
        return [self._deep(inner) for inner in value] if isinstance(value, list) else value


def _found(value: Any, place: str) -> Any:
    for part in place.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value
