"""Alarms and self-tests."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission
from pbx.api.rest.access import allow
from pbx.api.rest.models.base import Name
from pbx.api.rest.models.system import Alarm, Begun, SelfTest, TestResult
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of

TESTS = [allow(Permission.SELFTEST_READ)]


class AlarmControl(Protocol):
    """A part of pbx.api.control.Control."""

    def alarms(self) -> list[dict[str, Any]]: ...


class SelfTestControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def tests(self) -> list[dict[str, Any]]: ...
    def begin(self, name: str) -> dict[str, Any]: ...
    async def results(self, name: str, limit: int, after: tuple[int, str] | None = None) -> list[dict[str, Any]]: ...


def system_router(alarms: AlarmControl, selftests: SelfTestControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["system"])

    @router.get(
        "/alarms", response_model=Page[Alarm], dependencies=[allow(Permission.ALARMS_READ)], summary="What is wrong now"
    )
    async def active(page: Paging) -> Any:
        return page_of(alarms.alarms(), page, lambda row: row["name"])

    @router.get(
        "/selftests", response_model=Page[SelfTest], dependencies=TESTS, summary="Test calls and their latest result"
    )
    async def tests(page: Paging) -> Any:
        return page_of(selftests.tests(), page, lambda row: row["name"])

    @router.get(
        "/selftests/results", response_model=Page[TestResult], dependencies=TESTS, summary="Results, the newest first"
    )
    async def results(page: Paging, name: Annotated[str, Query(max_length=64)] = "") -> Any:
        after = page.after(int, str)
        place = (after[0], after[1]) if after is not None else None
        rows = await selftests.results(name, page.limit + 1, place)
        return page_from(rows, page, lambda row: make_cursor(round(row["started"] * 1e6), row["id"]))

    @router.post(
        "/selftests/{name}/run",
        response_model=Begun,
        status_code=202,
        dependencies=[allow(Permission.SELFTEST_RUN)],
        summary="Place a test call now",
    )
    async def run(name: Name) -> Any:
        """Its result is the newest of /selftests/results when the call is over."""
        return selftests.begin(name)

    return router
