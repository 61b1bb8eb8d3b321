"""Reports by name, as data, CSV or a page; made by a process of their own."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allow, allows
from pbx.api.rest.models.system import FigureCalls, FigureKind, Report, ReportKind
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems

READ = [allow(Permission.REPORTS_READ)]
Reader = Annotated[Principal, allows(Permission.REPORTS_READ)]
ReportName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["queues"])]
Day = Annotated[
    str,
    Query(
        alias="from",
        max_length=40,
        examples=["2026-11-21"],
        description="The first day, or an instant; today when left out",
    ),
]
LastDay = Annotated[
    str, Query(alias="to", max_length=40, examples=["2026-11-21"], description="The last day, or an instant")
]
Form = Annotated[Literal["json", "csv"], Query(alias="format")]
Tongue = Annotated[Literal["pl", "ru", "en"], Query()]
Per = Annotated[
    str,
    Query(
        max_length=40,
        examples=["day"],
        description="15min, 30min, hour, day, week, month, quarter, year, weekday or hour-of-day",
    ),
]
OWN = {"from", "to", "format", "language", "per"}
CSV = "text/csv; charset=utf-8"
MOST_OF_ONE = 6  # reports of one person and his tokens at a time: a page of the panel asks for as many


class ReportControl(Protocol):
    """pbx.app.report_control.PbxReportControl."""

    def kinds(self, language: Any = "en") -> list[dict[str, Any]]: ...
    async def report(
        self,
        name: str,
        since: str,
        until: str,
        filters: Mapping[str, str],
        language: Any = "en",
        form: Literal["json", "csv"] = "json",
        per: str = "",
    ) -> bytes: ...
    def figures(self) -> list[dict[str, Any]]: ...
    async def calls(
        self,
        figure: str,
        since: str,
        until: str,
        filters: Mapping[str, str],
        *,
        limit: int,
        cursor: str,
        per: str,
        interval: str,
    ) -> dict[str, Any]: ...


def reports_router(control: ReportControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["reports"])
    turns = Turns()

    @router.get("/reports", response_model=Page[ReportKind], dependencies=READ, summary="Which reports there are")
    async def kinds(page: Paging, language: Tongue = "en") -> Any:
        return page_of(control.kinds(language), page, lambda row: row["name"])

    @router.get(
        "/reports/{name}",
        response_model=Report,
        summary="A report of a period",
        responses={
            200: {
                "description": "As data, or with format=csv as CSV (RFC 4180)",
                "content": {"text/csv": {"schema": {"type": "string"}}},
            },
            **problems(404),
        },
    )
    async def report(
        name: ReportName,
        request: Request,
        who: Reader,
        since: Day = "",
        until: LastDay = "",
        form: Form = "json",
        language: Tongue = "en",
        per: Per = "",
    ) -> Any:
        """Each report has filters of its own: /reports lists them, and they are given as parameters. With `per` there
        is a row for each interval, with `from` and `to` as instants, and `part` for those that are `running` or `cut`
        by the period.
        """
        filters = _filters(request, OWN)
        _within(who, filters)
        with turns.one(who):
            text = await control.report(name, since, until, filters, language, form, per)
        return Response(text, headers={"content-type": CSV if form == "csv" else "application/json"})

    @router.get("/figures", response_model=Page[FigureKind], dependencies=READ, summary="Which figures can be opened")
    async def figures(page: Paging) -> Any:
        return page_of(control.figures(), page, lambda row: row["id"])

    @router.get(
        "/figures/calls",
        response_model=FigureCalls,
        summary="The calls behind a figure",
        responses=problems(404),
    )
    async def calls(
        figure: Annotated[str, Query(max_length=40, examples=["SL4"], description="Its id, as columns name it")],
        request: Request,
        who: Reader,
        since: Day = "",
        until: LastDay = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str, Query(max_length=200, description="`next` of the page before")] = "",
        per: Per = "",
        interval: Annotated[
            str, Query(max_length=40, examples=["2026-11-21"], description="With `per`: of this interval alone")
        ] = "",
    ) -> Any:
        """Newest first. Each figure has keys of its own (/figures lists them), and they are given as parameters; "-" is
        what has none. `counted` rows are those of the numerator, `value` is what a mean or a sum is made of.
        """
        filters = _filters(request, {"figure", "from", "to", "limit", "cursor", "per", "interval"})
        _within(who, filters)
        with turns.one(who):
            of = {"per": per, "interval": interval}
            return await control.calls(figure, since, until, filters, limit=limit, cursor=cursor, **of)

    return router


def _filters(request: Request, own: set[str]) -> dict[str, str]:
    """The parameters that the report or figure itself has."""
    given = request.query_params
    if len(given) != len(given.multi_items()):
        raise Refused(422, "a parameter is given twice")
    return {key: value for key, value in given.items() if key not in own and value}


def _within(who: Principal, filters: Mapping[str, str]) -> None:
    """Whoever sees some queues only asks for one of them. What cannot be asked by queue is told to nobody of them: the
    report or figure refuses the parameter.
    """
    queue = filters.get("queue", "")
    if not who.sees_all and not (queue and who.sees_queue(queue)):
        seen = ", ".join(sorted(who.queues or ())) or "none"
        raise Refused(403, f"{who.name} sees the queues {seen}; ask for one of them: queue=...")


class Turns:
    """How many reports one asks for at a time: nobody takes all places of the others."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    @contextlib.contextmanager
    def one(self, who: Principal) -> Iterator[None]:
        """While it is made. Refused 429 where there are too many."""
        name = who.owner or who.id
        if self._asked[name] >= MOST_OF_ONE:
            raise Refused(429, f"{MOST_OF_ONE} reports of yours are being made or wait; ask again when one is done")
        self._asked[name] += 1
        try:
            yield
        finally:
            self._asked[name] -= 1
            if not self._asked[name]:
                del self._asked[name]
