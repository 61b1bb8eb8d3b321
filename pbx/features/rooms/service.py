"""The conference rooms of this node: who dials one, and what commands do to those who are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pbx.configfile.problem import Problem
from pbx.features.rooms.attendance import attend
from pbx.features.rooms.room import ConferenceRoom, Participant

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.services import Services
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange


class RoomError(LookupError):
    """A room or participant that is not there; the text names the remedy."""


class Rooms:
    """The configured rooms. An empty one costs nothing but its entry."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rooms: dict[str, ConferenceRoom] = {}
        self.configure(services.config)
        services.followers.rebuild(self.configure, "room")
        services.followers.objection(self._objections, "room")

    def configure(self, config: Config) -> None:
        """From now on these rooms; who is in one stays there."""
        known, self._rooms = self._rooms, {}
        for entry in config.room:
            room = self._rooms[entry.name] = known.get(entry.name) or ConferenceRoom(self._services, entry)
            room.config = entry

    def _objections(self, change: ConfigChange) -> Iterator[Problem]:
        for room in self._rooms.values():
            if room.participants and all(entry.name != room.name for entry in change.new.room):
                text = f"{len(room.participants)} people are in the room"
                yield Problem(("room", room.name), text, "wait until they have gone, or ask them to go")

    def application(self, name: str) -> Application | None:
        """The application "room:<name>"."""
        room = self._rooms.get(name)
        if room is None:
            return None

        async def run(call: Call) -> None:
            await attend(call, room)

        return run

    # -- commands --------------------------------------------------------------------------------------------------

    def snapshot(self) -> list[dict[str, Any]]:
        """Every room and who is in it, JSON-ready."""
        return [
            {
                "name": room.name,
                "locked": room.locked,
                "moderated": room.moderated,
                "participants": [
                    {
                        "call_id": participant.call.id,
                        "caller": participant.call.caller,
                        "name": participant.call.caller_name,
                        "moderator": participant.moderator,
                        "muted": participant.muted,
                        "talks": room.talks(participant),
                        "waits": not participant.inside,
                        "joined_s": round(participant.call.loop.time() - participant.since, 1),
                    }
                    for participant in room.participants
                ],
            }
            for room in self._rooms.values()
        ]

    def command(self, name: str, action: str, who: str, by: str) -> list[str]:
        """Does "mute", "unmute", "kick" (to `who`: caller or the start of a call id; "all"), "lock", "unlock" or
        "end"; returns whom it concerned. Raises RoomError.
        """
        room = self._rooms.get(name)
        if room is None:
            raise RoomError(f"there is no room {name!r}; rooms: {', '.join(sorted(self._rooms)) or 'none'}")
        if action in ("lock", "unlock"):
            room.lock(action == "lock", by)
            return []
        if action == "end":
            there = [participant.call.caller for participant in room.participants]
            room.end()
            return there
        if action not in ("mute", "unmute", "kick"):
            raise RoomError(f"{action!r} is nothing that can be done; use mute, unmute, kick, lock, unlock or end")
        found = self._find(room, who)
        for participant in found:
            if action == "kick":
                room.kick(participant, by)
            else:
                room.mute(participant, action == "mute", by)
        return [participant.call.caller for participant in found]

    def _find(self, room: ConferenceRoom, who: str) -> list[Participant]:
        if who == "all":
            return list(room.participants)
        found = [one for one in room.participants if who and (one.call.caller == who or one.call.id.startswith(who))]
        if not found:
            raise RoomError(f"{who!r} is not in room {room.name}; `centrala rooms list` shows who is")
        return found

    @property
    def occupied(self) -> int:
        return sum(bool(room.participants) for room in self._rooms.values())

    @property
    def participants(self) -> int:
        return sum(len(room.participants) for room in self._rooms.values())
