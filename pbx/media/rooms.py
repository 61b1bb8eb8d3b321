"""The rooms that are open, by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.media.room import Room

if TYPE_CHECKING:
    from pbx.media.engine import MediaEngine
    from pbx.media.session import MediaSession


class Rooms:
    """Opens rooms of one media engine and hands them what the media threads tell of them."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._open: dict[int, Room] = {}

    def open(self, rate: int, near: MediaSession | None) -> Room:
        """A room on the media thread of `near`, or on the least loaded one. EngineBusy when there is no place."""
        core = self._engine.core
        number = core.open_room(worker=-1 if near is None else core.worker_of(near.stream), rate=rate)
        room = self._open[number] = Room(self._engine, number, core.worker_of_room(number), rate)
        return room

    def close(self, number: int) -> None:
        """Takes a room out at once; the thread is told now, or as soon as it takes commands."""
        if self._open.pop(number, None) is not None:
            self._engine.insist(self._engine.core.close_room, number)

    def play_ended(self, number: int, token: int, finished: bool) -> None:
        """A media thread told the end of an announcement."""
        room = self._open.get(number)
        if room is not None:
            room.play_ended(token, finished)

    def close_all(self) -> None:
        """The engine stops."""
        for room in list(self._open.values()):
            room.close()
