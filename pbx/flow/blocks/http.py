"""Asks another system and goes on by what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pbx.flow.block import Block, Exit, Reference
from pbx.flow.fill import checked
from pbx.flow.requesting import SECRET, Asking, check_url, host_of, request, set_variable, templates_of
from pbx.flow.variables import check_name
from pbx.web.paths import follow, parse_path

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Http(Block):
    """Exits: "ok" (2xx, and what `map` needs was there), "error", "timeout". Variables in the URL are encoded; its
    host must be one of http.hosts. `{secret.NAME}` in headers is of http.secrets.
    """

    kind: Literal["http"]
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: dict[str, Any] | None = Field(default=None)  # sent as JSON
    form: dict[str, str] | None = None
    timeout_s: float = Field(default=3.0, gt=0, le=30)  # for all attempts together
    retries: int = Field(default=1, ge=0, le=5)
    backoff_s: float = Field(default=0.3, gt=0, le=10)
    map: dict[str, str] = {}  # variable to a path in the answer's JSON
    needed: list[str] = []  # variables of `map` without which it is "error"
    ok: str = ""
    error: str = ""
    timeout: str = ""

    waits_for_caller = False

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return check_url(url)

    @field_validator("headers", "query", "form")
    @classmethod
    def _check_templates(cls, table: dict[str, str] | None) -> dict[str, str] | None:
        for text in (table or {}).values():
            checked(SECRET.sub("", text))
        return table

    @field_validator("body")
    @classmethod
    def _check_body(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        check_texts(body)
        return body

    @field_validator("map")
    @classmethod
    def _check_map(cls, table: dict[str, str]) -> dict[str, str]:
        for name, path in table.items():
            check_name(name)
            parse_path(path)
        return table

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.body is not None and self.form is not None:
            raise ValueError("send either body or form")
        if self.method == "GET" and (self.body is not None or self.form is not None):
            raise ValueError('a GET has no body: use query, or method = "POST"')
        unknown = [name for name in self.needed if name not in self.map]
        if unknown:
            raise ValueError(f"needed names {unknown[0]!r}, which map does not set")
        return self

    def exits(self) -> dict[str, Exit]:
        return {
            "ok": Exit("ok", self.ok, required=True),
            "error": Exit("error", self.error, required=True),
            "timeout": Exit("timeout", self.timeout or self.error),
        }

    def references(self) -> list[Reference]:
        secrets = [name for text in self.headers.values() for name in SECRET.findall(text)]
        found = [Reference("http_host", host_of(self.url), "url")]
        return [*found, *(Reference("http_secret", name, "headers") for name in secrets)]

    def sets(self) -> Sequence[str]:
        return ("http.status", "http.ms", "http.reason", *self.map)

    def templates(self) -> dict[str, str]:
        parts = {"url": self.url, "headers": self.headers, "query": self.query, "body": self.body, "form": self.form}
        return {key: text for name, value in parts.items() for key, text in templates_of(value, name).items()}

    async def run(self, run: Run) -> str:
        told = await request(
            run,
            Asking(
                self.method,
                self.url,
                self.headers,
                self.query,
                self.body,
                self.form,
                self.timeout_s,
                self.retries,
                self.backoff_s,
            ),
        )
        lacking = False
        for name, path in self.map.items():
            value = follow(told.data, parse_path(path)) if told.outcome == "ok" else None
            fits = set_variable(run, name, value)
            lacking = lacking or (name in self.needed and (value is None or not fits))
        return "error" if told.outcome == "ok" and lacking else told.outcome


def check_texts(value: Any) -> None:
    """ValueError for a text in a JSON value that is no template."""
    if isinstance(value, str):
        checked(value)
    elif isinstance(value, dict):
        for inner in value.values():
            check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            check_texts(inner)
