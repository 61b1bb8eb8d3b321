"""Puts the packages and messages together, and takes their methods; the composition root builds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.codes import slots
from pbx.events import RegistrationChanged
from pbx.presence.dialogs import DialogPackage
from pbx.presence.lines import Lines
from pbx.presence.message_summary import MessageWaiting, unsolicited_notify
from pbx.presence.messages import Messages
from pbx.presence.people import PresencePackage
from pbx.presence.publications import Publications
from pbx.presence.subscriptions import Subscriptions

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.service import CallService
    from pbx.config import Config, Extension
    from pbx.configfile.change import ConfigChange
    from pbx.sip.user_agent import UserAgent


class PresenceService:
    """Registers SUBSCRIBE, PUBLISH and MESSAGE; sets `services.message_waiting`. Use: `start`, `stop`."""

    def __init__(self, calls: CallService, agent: UserAgent, keeper: Keeper) -> None:
        services = calls.services
        config = services.config
        self.subscriptions = Subscriptions(
            config.subscriptions, agent.accept_subscription, calls.authenticator, services.counters
        )
        changed = self.subscriptions.changed
        self._lines = Lines(services)
        self._publications = Publications(config.subscriptions, self._published)
        self._people = PresencePackage(services, self._lines, self._publications, changed)
        tell = unsolicited_notify(agent, services.registrar, config.sip.domain)
        extensions = [extension.number for extension in config.extension]
        unsolicited = config.subscriptions.unsolicited_mwi
        waiting = MessageWaiting(extensions, config.sip.domain, changed, tell, unsolicited)
        dialogs = DialogPackage(config, services.bus, self._lines, park_slots(config), changed)

        def make(change: ConfigChange) -> tuple[dict[str, Extension], list[str]]:
            return {one.number: one for one in change.new.extension}, park_slots(change.new)

        def take(made: tuple[dict[str, Extension], list[str]]) -> None:
            dialogs.configure(*made)
            waiting.extensions = made[0].keys()

        services.followers.build(make, take, "extension", "parking")
        self.subscriptions.add(dialogs)
        self.subscriptions.add(waiting)
        self.subscriptions.add(self._people)
        self.messages = Messages(services, agent, keeper)
        services.message_waiting = waiting
        if unsolicited:
            services.bus.subscribe(RegistrationChanged, lambda event: self._registered(waiting, event))
        calls.requests.register("SUBSCRIBE", self.subscriptions.on_subscribe)
        calls.requests.register("PUBLISH", self._publications.on_publish)
        calls.requests.register("MESSAGE", self.messages.on_message)

    def start(self) -> None:
        """Takes up what was kept."""
        self.messages.start()

    def stop(self) -> None:
        """Ends every subscription, so that phones ask again after the restart; the transport must still send."""
        self.messages.stop()
        self.subscriptions.close()
        self._publications.close()

    def _published(self, extension: str) -> None:
        self._people.touch(extension)

    def _registered(self, waiting: MessageWaiting, event: RegistrationChanged) -> None:
        if event.registered:
            waiting.registered(event.extension)


def park_slots(config: Config) -> list[str]:
    """The numbers of park slots, which lamps may watch."""
    return [slot for lot in config.parking for slot in slots(lot)]
