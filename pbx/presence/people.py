"""The event package "presence" (RFC 3856): from registration, calls, do-not-disturb, agents, and PUBLISH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.identity import uri_user
from pbx.events import AgentStateChanged, EventBus, PhoneSettingsChanged, RegistrationChanged
from pbx.presence import pidf

if TYPE_CHECKING:
    from collections.abc import Callable

    from pbx.call.services import Services
    from pbx.presence.lines import Lines
    from pbx.presence.package import Changed
    from pbx.presence.publications import Publications

_AGENT_AWAY = {"break": "away", "offline": ""}


class PresencePackage:
    """Listens to the bus only while somebody watches; agents' states are few and always noted."""

    name = "presence"
    content_type = pidf.CONTENT_TYPE

    def __init__(self, services: Services, lines: Lines, publications: Publications, changed: Changed) -> None:
        self._services = services
        self._lines = lines
        self._publications = publications
        self._changed = changed
        self._watched: set[str] = set()
        self._agents: dict[str, str] = {}
        self._unsubscribe: list[Callable[[], None]] = []
        lines.listeners.append(self._touch)
        services.bus.subscribe(AgentStateChanged, self._on_agent)

    def refusal(self, watcher: str, resource: str) -> int:  # noqa: ARG002 - colleagues may see each other
        return 0 if resource in self._services.dialplan.extensions else 404

    def watch(self, resource: str) -> None:
        if not self._watched:
            bus: EventBus = self._services.bus
            self._unsubscribe = [
                bus.subscribe(RegistrationChanged, lambda event: self._touch(event.extension)),
                bus.subscribe(PhoneSettingsChanged, lambda event: self._touch(event.extension)),
            ]
        self._watched.add(resource)
        self._lines.watch(resource)

    def unwatch(self, resource: str) -> None:
        self._watched.discard(resource)
        self._lines.unwatch(resource)
        if not self._watched:
            for unsubscribe in self._unsubscribe:
                unsubscribe()
            self._unsubscribe = []

    def state(self, watcher: str, resource: str, version: int) -> bytes:  # noqa: ARG002 - the same for everybody
        domain = self._services.config.sip.domain
        return pidf.build(f"sip:{uri_user(resource)}@{domain}", self.presence(resource))

    def presence(self, extension: str) -> pidf.Presence:
        """What is known of `extension`: what its phones do goes before what was published, but for the note."""
        published = self._publications.of(extension)
        note = published.note if published is not None else ""
        if not self._services.registrar.registered(extension):
            return pidf.Presence(False, "", note)
        if self._services.phones.of(extension).dnd:
            return pidf.Presence(False, "busy", note)
        if self._lines.of(extension):
            return pidf.Presence(True, "on-the-phone", note)
        away = _AGENT_AWAY.get(self._agents.get(extension, ""), "")
        if away:
            return pidf.Presence(True, away, note)
        return published if published is not None else pidf.Presence(True)

    def touch(self, extension: str) -> None:
        """What the extension publishes is another."""
        self._touch(extension)

    def _touch(self, extension: str) -> None:
        if extension in self._watched:
            self._changed(self.name, extension)

    def _on_agent(self, event: AgentStateChanged) -> None:
        self._agents[event.agent] = event.state
        self._touch(event.agent)
