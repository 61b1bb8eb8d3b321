"""Answers the HTTP API about recordings: finds them by call, opens them for whoever may listen, deletes them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from pbx.api.control import Refused
from pbx.app.history_control import PbxHistoryControl, Seen, sees
from pbx.events import CallEvent, Kind
from pbx.media.recording import SUFFIX
from pbx.media.sealing import SealError
from pbx.media.stored_sound import StoredSound, media_type_of, open_below
from pbx.reporting.call_history import find_calls
from pbx.reporting.cdr import find_cdr
from pbx.store import schema
from pbx.store.encode import from_json, seconds
from pbx.store.records import Cdr

if TYPE_CHECKING:
    from pbx.app.history_reader import HistoryReader
    from pbx.app.pbx import Pbx

SAME_LISTEN_S = 600.0  # a player asks for a sound in many parts: within this they are one listening
MAX_LISTENS = 1000
STARTED, ENDED, DELETED = (
    kind.value for kind in (Kind.RECORDING_STARTED, Kind.RECORDING_ENDED, Kind.RECORDING_DELETED)
)
ID = 32  # characters of a call's id

Files = dict[str, dict[str, Any]]


class PbxRecordingControl:
    """Implements pbx.api.rest.routes.recordings.RecordingControl. Files are found by what the database says of a call;
    nothing that a request holds becomes part of a path.
    """

    def __init__(self, app: Pbx, reader: HistoryReader, history: PbxHistoryControl) -> None:
        self._app = app
        self._reader = reader
        self._history = history
        self._listens: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def recordings(
        self, wanted: dict[str, Any], limit: int, after: tuple[int, str] | None, scope: Seen
    ) -> list[dict[str, Any]]:
        """Recorded calls, the newest first, each with its files."""
        query = self._history.wanted(wanted, scope)

        def look(connection: Connection) -> tuple[list[Cdr], dict[str, Files]]:
            calls = find_calls(connection, query, limit, after)
            return calls, _files(connection, [call.id for call in calls])

        calls, files = await self._reader.read(look)
        return [
            {
                **{name: getattr(call, name) for name in _OF_CALL},
                "started": seconds(call.started_us),
                "started_us": call.started_us,
                "recordings": [_file(row) for row in files.get(call.id, {}).values()],
            }
            for call in calls
        ]

    async def recording(self, recording: str, scope: Seen) -> dict[str, Any]:
        """One file and its call."""
        row, call = await self._find(recording, scope)
        found = {**_file(row), "call_id": recording[:ID], "octets": None}
        if call is not None:
            found |= {name: getattr(call, name) for name in ("direction", "caller", "callee", "queue", "agent")}
        if found["duration_s"] is not None and not row["deleted"]:
            sound = await self._opened(recording, row)
            found["octets"] = sound.size
            await asyncio.to_thread(sound.close)
        return found

    async def open(self, recording: str, scope: Seen, by: str) -> tuple[StoredSound, str, bool]:
        """The sound, a name to save it by, and whether `by` begins to listen: the journey is told. "": nobody."""
        row, _call = await self._find(recording, scope)
        if row["deleted"]:
            raise Refused(404, f"recording {recording} was deleted")
        if row["duration_s"] is None:
            raise Refused(409, f"recording {recording} is not complete: its call runs, or was cut off")
        sound = await self._opened(recording, row)
        fresh = bool(by) and self._is_new(by, recording)
        if fresh:
            self._tell(Kind.RECORDING_LISTENED, recording, by)
        return sound, recording + (".ogg" if sound.media_type == "audio/ogg" else ".wav"), fresh

    async def delete(self, recording: str, scope: Seen, by: str) -> dict[str, Any]:
        """For ever; the journey says by whom."""
        row, _call = await self._find(recording, scope)
        if row["deleted"]:
            raise Refused(404, f"recording {recording} was deleted already")
        if row["duration_s"] is None and recording[:ID] in self._app.calls.calls:
            raise Refused(409, f"recording {recording} is being made; end it first")
        try:
            await asyncio.to_thread(self._path(row["path"]).unlink, missing_ok=True)
        except OSError as error:
            raise Refused(503, f"recording {recording} cannot be deleted: {error.strerror}") from None
        self._tell(Kind.RECORDING_DELETED, recording, by, path=row["path"])
        return {"id": recording}

    async def _find(self, recording: str, scope: Seen) -> tuple[dict[str, Any], Cdr | None]:
        call_id = recording[:ID]

        def look(connection: Connection) -> tuple[Cdr | None, Files]:
            return find_cdr(connection, call_id), _files(connection, [call_id]).get(call_id, {})

        call, files = await self._reader.read(look)
        visible = scope is None or (call is not None and sees(scope, call))
        if recording not in files or not visible:
            raise Refused(404, f"there is no recording {recording}")
        return files[recording], call

    async def _opened(self, recording: str, row: dict[str, Any]) -> StoredSound:
        try:
            tapes = self._app.media.tapes
            return await asyncio.to_thread(open_below, tapes.folder, row["path"], tapes.key)
        except FileNotFoundError:
            raise Refused(404, f"the file of recording {recording} is gone") from None
        except SealError as error:
            raise Refused(409, str(error)) from None
        except OSError as error:
            raise Refused(503, f"recording {recording} cannot be read: {error.strerror}") from None

    def _path(self, relative: str) -> Path:
        """Inside the folder, whatever the database says."""
        folder = Path(self._app.media.tapes.folder).resolve()
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder):
            raise Refused(404, "the recording lies outside the recordings folder")
        return path

    def _is_new(self, by: str, recording: str) -> bool:
        now, key = time.monotonic(), (by, recording)
        heard = self._listens.pop(key, None)
        self._listens[key] = now
        if len(self._listens) > MAX_LISTENS:
            self._listens.popitem(last=False)
        return heard is None or now - heard > SAME_LISTEN_S

    def _tell(self, kind: Kind, recording: str, by: str, **more: Any) -> None:
        data = {"recording": recording, "by": by, **more}
        self._app.bus.publish(CallEvent(kind, recording[:ID], "a", self._app.clock.unix(), data))


_OF_CALL = ("id", "direction", "caller", "callee", "queue", "agent", "tag", "talk_s")


def _files(connection: Connection, calls: list[str]) -> dict[str, Files]:
    """The recordings of calls, by call and by id, from their journeys."""
    table = schema.journey.c
    found: dict[str, Files] = {}
    query = select(table.call_id, table.kind, table.at_us, table.data).where(
        table.call_id.in_(calls), table.kind.in_((STARTED, ENDED, DELETED))
    )
    for call_id, kind, at_us, text in connection.execute(query.order_by(table.seq)):
        data = from_json(text)
        name = str(data.get("recording") or "")
        files = found.setdefault(call_id, {})
        fresh = {"id": name, "started": seconds(at_us), "duration_s": None, "path": "", "deleted": False}
        row = files.setdefault(name, fresh)
        row["path"] = str(data.get("path") or row["path"])
        if kind == ENDED:
            row["duration_s"] = float(data.get("duration_s") or 0.0)
        row["deleted"] = row["deleted"] or kind == DELETED
    return found


def _file(row: dict[str, Any]) -> dict[str, Any]:
    path = row["path"]
    return {
        "id": row["id"],
        "started": row["started"],
        "duration_s": row["duration_s"],
        "media_type": media_type_of(path),
        "sealed": path.endswith(SUFFIX),
        "deleted": row["deleted"],
    }
