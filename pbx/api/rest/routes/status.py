"""What the PBX is at this moment, and who asks."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pbx.api.rest.access import Permission, Principal, Role, allow, allows


class StatusControl(Protocol):
    """A part of pbx.api.control.Control."""

    def status(self) -> dict[str, Any]: ...


class Status(BaseModel):
    """What `centrala status` shows; `extra` fields are those of the features that run."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{"name": "centrala", "calls": 3}]})

    name: str
    version: str
    calls: int


class Me(BaseModel):
    """Whoever asks."""

    id: str
    kind: str = Field(description="`person` or `token`")
    name: str
    role: Role
    permissions: list[Permission]
    extension: str = Field(description="of his phone; empty without one")
    queues: list[str] | None = Field(description="that he sees; null: all")


def status_router(control: StatusControl) -> APIRouter:
    """GET /status, GET /me."""
    router = APIRouter(tags=["status"])

    @router.get("/status", dependencies=[allow(Permission.STATUS_READ)])
    async def status() -> Status:
        """The PBX at this moment."""
        return Status.model_validate(control.status())

    @router.get("/me")
    async def me(who: Annotated[Principal, allows(Permission.SELF)]) -> Me:
        """Who I am and what I may do."""
        return Me(
            id=who.id,
            kind=who.kind,
            name=who.name,
            role=who.role,
            permissions=sorted(who.permissions),
            extension=who.extension,
            queues=None if who.queues is None else sorted(who.queues),
        )

    return router
