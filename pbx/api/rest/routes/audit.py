"""Who changed what."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pbx.accounts.audit import Filter
from pbx.api.rest.access import Permission, allow
from pbx.api.rest.page import Page, Paging, make_cursor, page_from

Part = Annotated[str, Query(max_length=200)]
Instant = Annotated[float, Query(ge=0, lt=1e11)]


class AuditControl(Protocol):
    """What pbx.app.account_control.PbxAccountControl tells."""

    async def audit(self, wanted: Filter, before_id: str, limit: int) -> list[dict[str, Any]]: ...


class AuditEntry(BaseModel):
    """One change, or attempt."""

    id: str
    at: float
    actor_kind: str = Field(description="`person`, `token`, `cli` or `nobody`")
    actor: str
    actor_name: str
    address: str = Field(description="IP address, or `control.sock`")
    action: str
    object: str
    result: int = Field(description="HTTP status")
    before: str = Field(description="digest of the object before; empty: there was none, or nobody said")
    after: str
    fields: list[str] = Field(description="names of what differs")


def audit_router(control: AuditControl) -> APIRouter:
    """GET /audit."""
    router = APIRouter(tags=["audit"])

    @router.get("/audit", dependencies=[allow(Permission.AUDIT_READ)])
    async def audit(
        page: Paging,
        actor: Part = "",
        object: Part = "",
        action: Part = "",
        since: Instant = 0.0,
        until: Instant = 0.0,
    ) -> Page[AuditEntry]:
        """The newest first. `actor` is an id or a name; `object` and `action` are beginnings."""
        after = page.after(str)
        wanted = Filter(actor, object, action, since, until)
        rows = await control.audit(wanted, after[0] if after is not None else "", page.limit + 1)
        return Page[AuditEntry].model_validate(page_from(rows, page, lambda row: make_cursor(row["id"])))

    return router
