"""Settings over HTTP: every section as a collection, with ETag against lost updates; import, export, history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from pbx.api.control import Refused
from pbx.api.rest.access import Permission, Principal, allow, allows
from pbx.api.rest.models.settings import (
    Document,
    Entry,
    EntryKey,
    Fields,
    Outcome,
    Overview,
    Revert,
    Revision,
    SectionName,
    Yaml,
)
from pbx.api.rest.page import Page, Paging, make_cursor, page_from
from pbx.api.rest.patient import PatientRoute
from pbx.api.rest.problem import problems
from pbx.api.settings_routes import MAX_BODY, SettingsControl

READ = [allow(Permission.SETTINGS_READ)]
Writer = Annotated[Principal, allows(Permission.SETTINGS_WRITE)]
Apply = Annotated[bool, Query(description="false: only say what would change")]
Merge = Annotated[bool, Query(description="true: entries that the text does not name stay")]
Match = Annotated[str, Header(description="The ETag that the entry must have, or *", max_length=100)]
Absent = Annotated[str, Header(description="*: the entry must be a new one", max_length=100)]
MAX_CHANGES = 200  # that an answer tells one by one
TABLE = "-"  # the key of a section that is one table


def settings_router(control: SettingsControl) -> APIRouter:
    """/settings and what is below."""
    router = APIRouter(tags=["settings"], route_class=PatientRoute)
    _looking(router, control)
    _importing(router, control)
    _entries(router, control)
    return router


def _looking(router: APIRouter, control: SettingsControl) -> None:
    @router.get("/settings", response_model=Overview, dependencies=READ)
    async def sections() -> Any:
        """All sections, and which of them need a restart."""
        return control.overview()

    @router.get("/settings-schema/{section}", dependencies=READ)
    async def schema(section: SectionName) -> dict[str, Any]:
        """The JSON Schema of an entry of a section."""
        return control.schema(section)

    @router.get("/settings/history", response_model=Page[Revision], dependencies=READ)
    async def history(page: Paging) -> Any:
        """Who changed what, the newest first."""
        after = page.after(int)
        rows = await control.history(page.limit + 1, after[0] if after else 0)
        return page_from(rows, page, lambda row: make_cursor(row["revision"]))

    @router.get(
        "/settings/export",
        response_class=Response,
        responses={200: {"content": {"application/yaml": {"schema": {"type": "object"}}}}, **problems(404)},
    )
    async def export(
        who: Annotated[Principal, allows(Permission.SETTINGS_READ)],
        section: Annotated[list[str] | None, Query(description="Only these", max_length=100)] = None,
        secrets: Annotated[bool, Query(description="With passwords; needs the right to write")] = False,
    ) -> Response:
        """The settings as YAML."""
        if secrets and not who.may(Permission.SETTINGS_WRITE):
            raise Refused(403, f"secrets are shown to whoever may write them, which {who.name} may not")
        return Response(await control.export(section or [], secrets=secrets), media_type="application/yaml")


def _importing(router: APIRouter, control: SettingsControl) -> None:
    @router.post("/settings/import", response_model=Outcome, responses=problems(409, 412), max_body_size=MAX_BODY)
    async def take(body: Yaml, who: Writer, apply: Apply = False, merge: Merge = False) -> Any:
        """Make the sections of a text hold, with nothing else in them; all of it or nothing. Without `apply` it is
        only said what would change.
        """
        return _told(
            await control.import_yaml(body.yaml, who.name, body.note, apply=apply, merge=merge, expected=body.expected)
        )

    @router.post("/settings/revert", response_model=Outcome, responses=problems(404, 409))
    async def revert(body: Revert, who: Writer, apply: Apply = True) -> Any:
        """Go back to what held after an earlier revision."""
        return _told(await control.revert(body.revision, who.name, body.note, apply=apply))

    @router.post("/settings/reload", response_model=Outcome, responses=problems(409, 422))
    async def reload(who: Writer) -> Any:
        """Read the file of the configuration again."""
        return _told(await control.reread(who.name))


def _entries(router: APIRouter, control: SettingsControl) -> None:
    @router.get("/settings/{section}", response_model=Page[Entry], dependencies=READ)
    async def entries(section: SectionName, page: Paging) -> Any:
        """The entries of a section."""
        after = page.after(str)
        rows = control.page(section, page.limit + 1, after[0] if after else None)
        return page_from(rows, page, lambda row: make_cursor(row["key"]))

    @router.get("/settings/{section}/{key:path}", response_model=Entry, dependencies=READ)
    async def entry(section: SectionName, key: EntryKey, response: Response) -> Any:
        """One entry."""
        found = control.entry(section, _key(key))
        response.headers["etag"] = f'"{found["tag"]}"'
        return found

    @router.put("/settings/{section}/{key:path}", response_model=Outcome, responses=problems(409, 412))
    async def put(
        section: SectionName,
        key: EntryKey,
        body: Document,
        who: Writer,
        response: Response,
        if_match: Match = "",
        if_none_match: Absent = "",
    ) -> Any:
        """Make the entry what the document says, be it there already or not."""
        done = await control.put(
            *(section, _key(key), body.document, who.name, body.note),
            match=if_match.strip('"'),
            create=if_none_match == "*",
        )
        response.headers["etag"] = f'"{control.entry(section, _key(key))["tag"]}"'
        return _told(done)

    @router.patch("/settings/{section}/{key:path}", response_model=Outcome, responses=problems(409))
    async def patch(section: SectionName, key: EntryKey, body: Fields, who: Writer, apply: Apply = True) -> Any:
        """Change some fields."""
        return _told(await control.set(section, _key(key), body.fields, who.name, body.note, apply=apply))

    @router.delete("/settings/{section}/{key:path}", response_model=Outcome, responses=problems(409, 412))
    async def delete(
        section: SectionName, key: EntryKey, who: Writer, apply: Apply = True, if_match: Match = ""
    ) -> Any:
        """Take the entry out; a section that is one table gets its defaults."""
        return _told(await control.delete(section, _key(key), who.name, match=if_match.strip('"'), apply=apply))


def _key(key: str) -> str:
    return "" if key == TABLE else key


def _told(outcome: dict[str, Any]) -> dict[str, Any]:
    """As many changes as somebody reads; checking ten thousand of them once more would hold the loop."""
    changes = outcome["changes"]
    return {**outcome, "changes": changes[:MAX_CHANGES], "more": max(len(changes) - MAX_CHANGES, 0)}
