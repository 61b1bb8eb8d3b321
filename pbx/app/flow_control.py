"""Answers the control socket about flows, and starts them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from pbx.api.control import Refused
from pbx.configfile.problem import Problem
from pbx.flow import templates
from pbx.flow.diff import pointer
from pbx.flow.errors import FlowError
from pbx.flow.interpreter import Flows
from pbx.flow.loader import load_flows
from pbx.flow.publishing import FlowRefused, Publishing
from pbx.flow.schema import flow_schema
from pbx.flow.versions import FlowVersion, VersionState
from pbx.metrics.flow_versions import FlowVersionMetrics

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pbx.app.pbx import Pbx


Answer = TypeVar("Answer")


def start_flows(app: Pbx) -> tuple[Flows, Publishing]:
    """The flows of the configuration, with the published versions over them, as applications "flow:NAME"."""
    services, sounds = app.calls.services, app.prompts.music_names
    flows = Flows(load_flows(app.config, sounds))
    publishing = Publishing(flows, services, app.store.flow_versions, app.prompts.preload, sounds)
    publishing.start()
    app.contacts.missed.ask_flows(flows.queue_of)
    services.applications.register("flow", flows.application)
    app.metrics.add(FlowVersionMetrics(app.bus, lambda: {name: flow.version for name, flow in flows.flows.items()}))
    return flows, publishing


class PbxFlowControl:
    """Implements pbx.api.flow_routes.FlowControl."""

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing

    async def flows(self) -> list[dict[str, Any]]:
        """Every flow: the version that holds, and the draft when there is one (0: none)."""
        kept = await self._publishing.versions()
        drafts = {row.flow: row.version for row in kept if row.state is VersionState.DRAFT}
        present = self._publishing.flows
        found = []
        for name in sorted({*present, *(row.flow for row in kept)}):
            flow = present.get(name)
            found.append(
                {
                    "name": name,
                    "version": flow.version if flow is not None else None,
                    "blocks": len(flow.blocks) if flow is not None else 0,
                    "python": flow is not None and flow.coroutine is not None,
                    "draft": drafts.get(name, 0),
                }
            )
        return found

    async def versions(self, name: str) -> list[dict[str, Any]]:
        """The kept versions, the newest first; `holds` is the one that the next call gets."""
        present = self._publishing.flows.get(name)
        rows = [_row(row) for row in await self._publishing.versions(name)]
        if present is None and not rows:
            raise Refused(
                404, f"there is no flow {name!r}; flows: {', '.join(sorted(self._publishing.flows)) or 'none'}"
            )
        holds = present.version if present is not None else None
        return [{**row, "holds": row["version"] == holds} for row in rows]

    async def document(self, name: str, version: int | None) -> dict[str, Any]:
        return (await _answered(self._publishing.document(name, version))).as_dict()

    async def diff(self, name: str, old: int | None, new: int | None) -> list[dict[str, str]]:
        found = await _answered(self._publishing.diff(name, old, new))
        return [asdict(change) | {"text": str(change)} for change in found]

    async def check(self, document: Any) -> dict[str, Any]:
        return {"problems": [_problem(problem) for problem in await self._publishing.check(document)]}

    def progress(self, name: str) -> dict[str, int]:
        """How many prompts of a flow that is being published are rendered; 0 of 0 when none is."""
        done, total = self._publishing.progress.get(name, (0, 0))
        return {"done": done, "all": total}

    def schema(self) -> dict[str, Any]:
        return flow_schema()

    def templates(self) -> list[dict[str, Any]]:
        """Flows to begin with, and what the house must have for each."""
        return [
            {
                "name": name,
                "description": templates.document(name).get("description", ""),
                "needs": templates.needs(name),
            }
            for name in templates.names()
        ]

    def template(self, name: str) -> dict[str, Any]:
        """A template's document."""
        try:
            return templates.document(name)
        except FlowError as error:
            raise Refused(404, str(error)) from None

    async def draft(self, name: str, document: Any, author: str, note: str) -> dict[str, Any]:
        row, problems = await _answered(self._publishing.draft(name, document, author, note))
        return {**_row(row), "problems": [_problem(problem) for problem in problems]}

    async def publish(self, name: str, version: int | None, by: str, note: str, force: bool) -> dict[str, Any]:
        return _row(await _answered(self._publishing.publish(name, version, by, note, force=force)))

    async def rollback(self, name: str, to: int | None, by: str, note: str) -> dict[str, Any]:
        row = await _answered(self._publishing.rollback(name, to, by, note))
        return _row(row) if row is not None else {"flow": name, "version": 0, "state": "configured"}


async def _answered(work: Awaitable[Answer]) -> Answer:
    try:
        return await work
    except FlowRefused as refused:
        raise Refused(refused.status, str(refused)) from None


def _row(row: FlowVersion) -> dict[str, Any]:
    shown = asdict(row)
    del shown["document"]
    return shown


def _problem(problem: Problem) -> dict[str, str]:
    return {"pointer": pointer(problem.key), "text": problem.text, "remedy": problem.remedy}
