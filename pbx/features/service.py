"""The call features of this node, put together and registered as applications by the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.features import incall, name_directory, park, settings
from pbx.features.intercom import intercom_application
from pbx.features.name_directory import NameDirectory
from pbx.features.paging import Paging
from pbx.features.park import ParkLots
from pbx.features.pickup import pickup_application
from pbx.features.ring_groups import RingGroups
from pbx.features.rooms import texts as room_texts
from pbx.features.rooms.service import Rooms
from pbx.features.saying import spoken
from pbx.features.supervision import supervision_application

if TYPE_CHECKING:
    from pbx.call.services import Services

TEXTS = [*settings.TEXTS, park.LOT_FULL, park.NOTHING_HELD, *name_directory.TEXTS]


class Features:
    """Sets `services.extra["features"]` to itself. Names that come from outside (a number behind a code) are not kept
    by the table of applications.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.parking = ParkLots(services)
        self.groups = RingGroups(services)
        self.rooms = Rooms(services)
        self.paging = Paging(services)
        self.directory = NameDirectory(services)
        services.extra["features"] = self
        register = services.applications.register
        register("setting", settings.setting_application, keep=False)
        register("pickup", pickup_application, keep=False)
        register("intercom", intercom_application, keep=False)
        register("park", self.parking.park_application)
        register("slot", self.parking.slot_application)
        register("group", self.groups.application)
        register("room", self.rooms.application)
        register("page", self.paging.application)
        register("directory", self.directory.application)
        register("supervise", supervision_application, keep=False)
        incall.register(services, self.parking)
        services.consulted["group"] = self.groups.consult

    def texts(self) -> list[tuple[str, str]]:
        """(text, language) of what is said often, for preloading."""
        config = self.services.config
        texts = [*TEXTS, *(room_texts.TEXTS if config.room else ())]
        languages = {config.server.language, *(site.language for site in config.site if site.language)}
        return spoken(texts, sorted(languages))
