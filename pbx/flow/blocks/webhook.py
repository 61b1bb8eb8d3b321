"""Tells another system of the call: a signed POST with who calls whom, and what the flow knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from pbx.flow.block import Block, Exit, Reference
from pbx.flow.blocks.http import check_texts
from pbx.flow.requesting import Asking, check_url, host_of, request, templates_of

if TYPE_CHECKING:
    from pbx.flow.run import Run

CALL = ("id", "caller", "caller_name", "called", "tag", "campaign", "language", "direction")


class Webhook(Block):
    """Exits: "ok", "error", "timeout"; the last two go on as "ok" when they are not wired. With `secret` it is signed:
    HMAC-SHA256 of "TIMESTAMP.BODY" in X-Centrala-Signature.
    """

    kind: Literal["webhook"]
    url: str
    event: str = Field(default="flow", max_length=64)
    data: dict[str, Any] = {}  # more, may hold variables
    secret: str = ""  # the name of one of http.secrets
    timeout_s: float = Field(default=3.0, gt=0, le=30)
    retries: int = Field(default=2, ge=0, le=5)
    ok: str = ""
    error: str = ""
    timeout: str = ""

    waits_for_caller = False

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return check_url(url)

    @field_validator("data")
    @classmethod
    def _check_data(cls, data: dict[str, Any]) -> dict[str, Any]:
        check_texts(data)
        return data

    def exits(self) -> dict[str, Exit]:
        return {
            "ok": Exit("ok", self.ok),
            "error": Exit("error", self.error or self.ok),
            "timeout": Exit("timeout", self.timeout or self.error or self.ok),
        }

    def references(self) -> list[Reference]:
        found = [Reference("http_host", host_of(self.url), "url")]
        return [*found, Reference("http_secret", self.secret, "secret")] if self.secret else found

    def sets(self) -> Sequence[str]:
        return ("http.status", "http.ms", "http.reason")

    def templates(self) -> dict[str, str]:
        return {"url": self.url, **templates_of(self.data, "data")}

    async def run(self, run: Run) -> str:
        call = {name: str(run.variables.get(f"call.{name}") or "") for name in CALL}
        plain = {name: text.replace("{", "{{").replace("}", "}}") for name, text in call.items()}
        body = {"event": self.event, "flow": run.flow.name, "block": run.block, "call": plain, "data": self.data}
        asking = Asking(
            "POST", self.url, {}, {}, body, timeout_s=self.timeout_s, retries=self.retries, sign=self.secret
        )
        return (await request(run, asking)).outcome
