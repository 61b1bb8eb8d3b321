"""Flows: what there is, drafts, publishing, going back, counts, templates."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.controls import FlowControl
from pbx.api.rest.access import allow, allows
from pbx.api.rest.models.flows import (
    Change,
    Checked,
    Counts,
    DocumentRequest,
    DraftRequest,
    DraftSaved,
    Flow,
    FlowVersion,
    Progress,
    PublishRequest,
    ReplayRequest,
    RollbackRequest,
    Template,
)
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.patient import PatientRoute

MAX_DOCUMENT = 3 * 1024 * 1024
FlowName = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f/]{1,64}$", description="A flow's name", examples=["hotline"])]
VersionQuery = Annotated[int | None, Query(ge=0, lt=10**9)]
READ = [allow(Permission.FLOWS_READ)]
Writer = Annotated[Principal, allows(Permission.FLOWS_WRITE)]
Publisher = Annotated[Principal, allows(Permission.FLOWS_PUBLISH)]


class FlowCountControl(Protocol):
    """Callers in flows."""

    def counts(self, flow: str) -> dict[str, Any]: ...
    async def replay(self, document: Any, day: str) -> dict[str, Any]: ...


def flows_router(control: FlowControl, counts: FlowCountControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["flows"], route_class=PatientRoute)
    _looking(router, control, counts)
    _trying(router, control, counts)
    _changing(router, control)
    return router


def _looking(router: APIRouter, control: FlowControl, counted: FlowCountControl) -> None:
    @router.get("/flows", response_model=Page[Flow], dependencies=READ, summary="Flows and the version that holds")
    async def flows(page: Paging) -> Any:
        return page_of(await control.flows(), page, lambda row: row["name"])

    @router.get("/flows/{name}", dependencies=READ, summary="A flow's document")
    async def document(name: FlowName, version: VersionQuery = None) -> dict[str, Any]:
        """Of the version that holds, or of another one."""
        return await control.document(name, version)

    @router.get(
        "/flows/{name}/versions",
        response_model=Page[FlowVersion],
        dependencies=READ,
        summary="Its versions, the newest first",
    )
    async def versions(name: FlowName, page: Paging) -> Any:
        return page_of(await control.versions(name), page, lambda row: f"{10**9 - row['version']:010}")

    @router.get("/flows/{name}/diff", response_model=list[Change], dependencies=READ, summary="What differs")
    async def diff(name: FlowName, old: VersionQuery = None, new: VersionQuery = None) -> Any:
        """Between the version that holds and the draft, or between two others."""
        return await control.diff(name, old, new)

    @router.get("/flows/{name}/progress", response_model=Progress, dependencies=READ, summary="How far publishing is")
    async def progress(name: FlowName) -> Any:
        return control.progress(name)

    @router.get("/flows/{name}/counts", response_model=Counts, dependencies=READ, summary="Callers in its blocks")
    async def counts(name: FlowName) -> Any:
        return counted.counts(name)

    @router.get("/flow-schema", dependencies=READ, summary="What a document may hold")
    async def schema() -> dict[str, Any]:
        """A JSON schema (2020-12)."""
        return control.schema()

    @router.get("/flow-templates", response_model=Page[Template], dependencies=READ, summary="Flows to begin with")
    async def templates(page: Paging) -> Any:
        return page_of(control.templates(), page, lambda row: row["name"])

    @router.get("/flow-templates/{name}", dependencies=READ, summary="A template's document")
    async def template(name: FlowName) -> dict[str, Any]:
        return control.template(name)


def _trying(router: APIRouter, control: FlowControl, counted: FlowCountControl) -> None:
    @router.post(
        "/flow-check",
        response_model=Checked,
        dependencies=READ,
        summary="What is wrong with a document",
        max_body_size=MAX_DOCUMENT,
    )
    async def check(body: DocumentRequest) -> Any:
        return await control.check(body.document)

    @router.post(
        "/flow-replay",
        dependencies=[allow(Permission.FLOWS_WRITE)],
        summary="A day's calls through a document",
        max_body_size=MAX_DOCUMENT,
    )
    async def replay(body: ReplayRequest) -> dict[str, Any]:
        """In a process of its own, one at a time; takes up to some minutes."""
        return await counted.replay(body.document, body.date)


def _changing(router: APIRouter, control: FlowControl) -> None:
    @router.put("/flows/{name}/draft", response_model=DraftSaved, summary="Save a draft", max_body_size=MAX_DOCUMENT)
    async def draft(name: FlowName, body: DraftRequest, who: Writer) -> Any:
        """Although it has problems: they are told, and stand in the way of publishing alone."""
        return await control.draft(name, body.document, who.name, body.note)

    @router.post("/flows/{name}/publish", response_model=FlowVersion, summary="The next call gets it")
    async def publish(name: FlowName, body: PublishRequest, who: Publisher) -> Any:
        """Prompts are rendered before; calls that run keep the version that they began with."""
        return await control.publish(name, body.version, who.name, body.note, body.force)

    @router.post("/flows/{name}/rollback", response_model=FlowVersion, summary="Back to an earlier version")
    async def rollback(name: FlowName, body: RollbackRequest, who: Publisher) -> Any:
        return await control.rollback(name, body.to, who.name, body.note)
