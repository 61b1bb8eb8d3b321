"""Screen pops: what a client that was loaded anew has missed."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allows
from pbx.api.rest.models.base import Extension
from pbx.api.rest.models.screen_pops import ScreenPop
from pbx.api.rest.page import Page, Paging, page_of

Self = Annotated[Principal, allows(Permission.SELF)]


class ScreenPopControl(Protocol):
    """What runs."""

    def is_agent(self, extension: str) -> bool: ...

    def screen_pops(self, extension: str) -> list[dict[str, Any]]: ...


def screen_pops_router(control: ScreenPopControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["agents"])

    @router.get("/agents/{extension}/screen-pops", response_model=Page[ScreenPop], summary="Pages for his calls now")
    async def screen_pops(extension: Extension, who: Self, page: Paging) -> Any:
        """For the agent himself, and for whoever may act for agents."""
        if not (who.may(Permission.AGENTS_CONTROL) or (who.extension and who.extension == extension)):
            raise Refused(403, f"this needs the right {Permission.AGENTS_CONTROL.value}, or to be agent {extension}")
        if not control.is_agent(extension):
            raise Refused(404, f"{extension!r} is no agent")
        return page_of(control.screen_pops(extension), page, lambda row: row["id"])

    return router
