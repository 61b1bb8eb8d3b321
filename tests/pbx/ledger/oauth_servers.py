"""The servers that renew tokens, as Bitrix24 and amoCRM answer: what is asked in another form is refused as they do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

BITRIX_FIELDS = {"grant_type", "client_id", "client_secret", "refresh_token"}
AMO_FIELDS = {*BITRIX_FIELDS, "redirect_uri"}
OURS = {"client_id": "local.app", "client_secret": "app-secret", "redirect_uri": "https://pbx.example/crm"}


class OAuthServer:
    """One of both, by its path. `refresh` is the token that opens; each opens once. `broken`: answers 500 so often."""

    def __init__(self, refresh: str = "first") -> None:
        self.refresh, self.count, self.broken, self.most = refresh, 0, 0, 0
        self.takes_s, self.lasts_s = 0.0, 3600
        self.asked: list[str] = []
        self._running = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> OAuthServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = head.split("\r\n")
                fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                self._running += 1
                self.most = max(self.most, self._running)
                await asyncio.sleep(self.takes_s)
                self._running -= 1
                status, answer = self._answer(lines[0], fields, body)
                data = json.dumps(answer).encode()
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, line: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, object]]:
        method, target, _ = line.split(" ")
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        if self.broken:
            self.broken -= 1
            return 500, {}
        if parts.path == "/oauth/token/":
            return self._bitrix(method, {name: values[0] for name, values in parse_qs(parts.query).items()})
        if parts.path == "/oauth2/access_token":
            return self._amo(method, headers, body)
        return 404, {}

    def _bitrix(self, method: str, given: dict[str, str]) -> tuple[int, dict[str, object]]:
        if method != "GET" or set(given) != BITRIX_FIELDS or given["grant_type"] != "refresh_token":
            return 400, {"error": "invalid_request", "error_description": "Invalid request"}
        if (given["client_id"], given["client_secret"]) != (OURS["client_id"], OURS["client_secret"]):
            return 400, {"error": "wrong_client", "error_description": "Wrong client"}
        if given["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "Invalid refresh token"}
        made = self._made()
        more = {"member_id": "m", "status": "L", "client_endpoint": "https://portal.bitrix24.pl/rest/", "expires": 1}
        return 200, {**made, **more, "expires_in": self.lasts_s}

    def _amo(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, object]]:
        given = json.loads(body) if headers.get("content-type") == "application/json" else {}
        wrong = {"title": "Некорректный запрос", "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"}
        if method != "POST" or set(given) != AMO_FIELDS or given["grant_type"] != "refresh_token":
            return 400, {**wrong, "status": 400, "hint": "Check the `client_id` parameter", "detail": "unsupported"}
        if any(given[name] != value for name, value in OURS.items()):
            return 401, {**wrong, "status": 401, "hint": "", "detail": "Client authentication failed"}
        if given["refresh_token"] != self.refresh:
            return 400, {**wrong, "status": 400, "hint": "Token has been revoked", "detail": "В запросе отсутствует"}
        return 200, {"token_type": "Bearer", **self._made(), "expires_in": self.lasts_s}

    def _made(self) -> dict[str, object]:
        self.count += 1
        self.refresh = f"refresh-{self.count}"
        return {"access_token": f"access-{self.count}", "refresh_token": self.refresh}
