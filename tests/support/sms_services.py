"""SMSAPI and Twilio as far as they are asked: local servers that check what comes in and answer as their documentation
says (https://www.smsapi.pl/docs, https://www.twilio.com/docs/messaging/api/message-resource).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

SID = "AC" + "0" * 32


class HttpService:
    """One request a connection. `fault` is what is answered instead, once: a status and a body, or None to hang up
    when the request has been acted on.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.faults: list[tuple[int, str] | None] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> HttpService:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def answer(self, method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, object]:
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        parts = urlsplit(target)
        form = dict(parse_qsl(body if method == "POST" else parts.query, strict_parsing=bool(body)))
        self.requests.append((method, parts.path, form, headers))
        fault = self.faults.pop(0) if self.faults else (0, "")
        if fault is not None and fault[0]:
            status, text = fault
        else:
            status, value = self.answer(method, parts.path, form, headers)
            text = json.dumps(value)
        if fault is not None:
            data = text.encode()
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        writer.close()


class SmsApi(HttpService):
    """POST /sms.do with a bearer token; `idx` is unique when `check_idx` is 1."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, dict[str, str]] = {}  # by idx

    def answer(self, method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, object]:
        assert (method, path, form["format"], form["encoding"]) == ("POST", "/sms.do", "json", "utf-8")
        if headers.get("authorization") != "Bearer token-of-ours":
            return 200, {"error": 101, "message": "Authorization failed"}
        if not (form["to"].isdigit() and len(form["to"]) == 11):
            invalid = [{"number": form["to"], "submitted_number": form["to"], "message": "Invalid phone number"}]
            return 200, {"invalid_numbers": invalid, "error": 13, "message": "No correct phonenumbers"}
        if form["idx"] in self.taken and form["check_idx"] == "1":
            return 200, {"error": 53, "message": "Not unique idx parameter"}
        self.taken[form["idx"]] = form
        entry = {
            "id": f"id-{len(self.taken)}",
            "points": 0.16,
            "number": form["to"],
            "date_sent": 1560252588,
            "submitted_number": form["to"],
            "status": "QUEUE",
            "error": None,
            "idx": form["idx"],
            "parts": 1,
        }
        return 200, {"count": 1, "list": [entry]}


class Twilio(HttpService):
    """The Messages resource of one account, with basic authentication; GET lists by number."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.messages: list[dict[str, object]] = []

    def answer(self, method: str, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, object]:
        assert path == f"/2010-04-01/Accounts/{SID}/Messages.json"
        if headers.get("authorization") != "Basic " + base64.b64encode(f"{SID}:{self.token}".encode()).decode():
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        if method == "GET":
            return 200, {"messages": [each for each in self.messages if each["to"] == form["To"]], "page": 0}
        if form["To"].endswith("99"):
            return 400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}
        message = {
            "sid": f"SM{len(self.messages):032}",
            "to": form["To"],
            "from": form["From"],
            "body": form["Body"],
            "status": "queued",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "date_created": formatdate(),
        }
        self.messages.append(message)
        return 201, message


def twilio_signature(token: str, url: str, form: list[tuple[str, str]]) -> str:
    """X-Twilio-Signature as https://www.twilio.com/docs/usage/security describes it."""
    text = url
    for name, value in sorted(form):
        text += name + value
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
