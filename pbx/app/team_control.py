"""Notes in the database who belongs to which team, for reports: at the start, and when teams change."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pbx.store.errors import StoreError
from pbx.store.teams import members_of, note_teams

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.reports")


async def start(app: Pbx) -> None:
    """When the store runs."""
    tasks: set[asyncio.Task[None]] = set()

    def follow(_change: object) -> None:
        task = asyncio.get_running_loop().create_task(_note(app), name="note-teams")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    app.calls.services.followers.add(follow, "team")
    await _note(app)


async def _note(app: Pbx) -> None:
    members, now_us = members_of(app.config), round(app.clock.unix() * 1e6)
    try:
        await app.store.durable(lambda connection: note_teams(connection, members, now_us))
    except StoreError as error:
        log.warning("teams are not noted, reports go by those of before until the next start: %s", error)
