"""The `page` step: what a page of a site asks of the PBX over HTTP, and what it must be answered.

`{ask: visit, body: {...}, has: {...}, as: anna}`: the session of an answer is kept under `as`, and goes into the next
body of the same name. `status` is 200 unless told; the origin is that of `page` in the body.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from harness.edge import PORTS
from harness.records import has

if TYPE_CHECKING:
    from harness.pbx import Pbx

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIMEOUT_S = 30


class PageFailed(Exception):
    """The text says what was answered."""


def ask(pbx: Pbx, wanted: dict[str, Any], sessions: dict[str, str]) -> None:
    """Does one step. Raises PageFailed."""
    body = dict(wanted["body"])
    visitor = str(wanted.get("as", ""))
    if visitor in sessions:
        body.setdefault("session", sessions[visitor])
    origin = "/".join(str(body.get("page", "https://shop.example/")).split("/")[:3])
    connection = HTTPConnection(pbx.address, PORTS["ws"], timeout=TIMEOUT_S)
    headers = {"Origin": origin, "User-Agent": AGENT, "Content-Type": "text/plain"}
    try:
        connection.request("POST", f"/t/{wanted['ask']}", json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    answer = json.loads(text) if text else {}
    if response.status != wanted.get("status", 200) or not has(answer, wanted.get("has", {})):
        raise PageFailed(f"/t/{wanted['ask']} was answered {response.status} {answer}, expected {wanted}")
    if visitor and answer.get("session"):
        sessions[visitor] = answer["session"]
