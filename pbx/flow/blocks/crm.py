"""Asks a CRM who calls: an http block whose answer becomes the caller's name, language, tags and agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from pbx.config import Language
from pbx.flow.block import Block, Exit, Reference
from pbx.flow.fill import checked
from pbx.flow.requesting import SECRET, Asking, check_url, host_of, request, set_variable, templates_of
from pbx.web.paths import follow, parse_path

if TYPE_CHECKING:
    from pbx.flow.run import Run

FIELDS = ("id", "name", "vip", "language", "tags", "agent", "note")
YES = frozenset({"1", "true", "yes", "tak", "да", "vip"})


class Crm(Block):
    """Exits: "found", "vip" (as "found" when unwired), "unknown" (404, or an answer without name and id), "error",
    "timeout" (as "error").
    """

    kind: Literal["crm"]
    url: str  # https://crm.example/customers?phone={call.caller}
    headers: dict[str, str] = {}
    fields: dict[Literal["id", "name", "vip", "language", "tags", "agent", "note"], str] = {"name": "name", "id": "id"}
    languages: list[Language] = []  # that the call may take from the answer; texts are needed in each of them
    timeout_s: float = Field(default=2.0, gt=0, le=30)
    retries: int = Field(default=1, ge=0, le=5)
    found: str = ""
    vip: str = ""
    unknown: str = ""
    error: str = ""
    timeout: str = ""

    waits_for_caller = False

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return check_url(url)

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, table: dict[str, str]) -> dict[str, str]:
        for text in table.values():
            checked(SECRET.sub("", text))
        return table

    @field_validator("fields")
    @classmethod
    def _check_fields(cls, table: dict[str, str]) -> dict[str, str]:
        for path in table.values():
            parse_path(path)
        return table

    def exits(self) -> dict[str, Exit]:
        return {
            "found": Exit("found", self.found, required=True),
            "vip": Exit("vip", self.vip or self.found),
            "unknown": Exit("unknown", self.unknown, required=True),
            "error": Exit("error", self.error or self.unknown),
            "timeout": Exit("timeout", self.timeout or self.error or self.unknown),
        }

    def references(self) -> list[Reference]:
        secrets = [name for text in self.headers.values() for name in SECRET.findall(text)]
        found = [Reference("http_host", host_of(self.url), "url")]
        return [*found, *(Reference("http_secret", name, "headers") for name in secrets)]

    def sets(self) -> Sequence[str]:
        return (*(f"caller.{name}" for name in FIELDS), "caller.known", "http.status", "http.ms", "http.reason")

    def templates(self) -> dict[str, str]:
        return {"url": self.url, **templates_of(self.headers, "headers")}

    def speaks(self) -> Sequence[Language]:
        return self.languages

    async def run(self, run: Run) -> str:
        asking = Asking("GET", self.url, self.headers, {}, timeout_s=self.timeout_s, retries=self.retries)
        told = await request(run, asking)
        if told.outcome != "ok":
            return "unknown" if told.status == 404 else told.outcome
        data = told.data[0] if isinstance(told.data, list) and told.data else told.data
        values = {name: follow(data, parse_path(path)) for name, path in self.fields.items()}
        known = any(values.get(name) not in (None, "") for name in ("id", "name"))
        run.variables.set("caller.known", known)
        if not known:
            return "unknown"
        for name in values:
            set_variable(run, f"caller.{name}", _value(name, values[name]))
        language = str(values.get("language") or "")[:2].lower()
        if language in self.languages:
            run.language = language
        return "vip" if run.variables.get("caller.vip") else "found"


def _value(name: str, value: Any) -> Any:
    if name == "vip":
        return value.strip().casefold() in YES if isinstance(value, str) else bool(value)
    if name == "tags":
        return [str(tag) for tag in value] if isinstance(value, list) else [str(value)] if value else []
    return "" if value is None else str(value)
