"""Where an INVITE leads: an application by name. Trunks reach configured numbers only; extensions each other and,
if they may, out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.errors import RouteError

if TYPE_CHECKING:
    from pbx.call.dialplan import Dialplan
    from pbx.call.trunks import Trunk
    from pbx.config import Config, Extension, Number


class Routed(NamedTuple):
    """The application, and what the call's record says about the way there."""

    application: str
    direction: str
    did: str = ""
    tag: str = ""
    entry: Number | None = None  # the [[number]] that was dialled
    withheld: bool = False  # dialled with the code that withholds the caller's number
    emergency: str = ""  # the emergency number that was dialled


class Router:
    """Pure look-up in the configuration."""

    def __init__(self, config: Config, dialplan: Dialplan) -> None:
        features = config.features
        codes = {
            features.available: "feature:available",
            features.on_break: "feature:on_break",
            features.offline: "feature:offline",
            features.echo: "echo",
        }
        self._codes = {code: application for code, application in codes.items() if code}
        self._dialplan = dialplan
        self._withhold = features.withhold_number

    def from_extension(self, extension: Extension, number: str) -> Routed:
        """What `extension` reaches by dialling `number`. RouteError 403 or 404. Emergency numbers come first."""
        emergency = self._dialplan.outbound.emergency.find(number)
        if emergency:
            return Routed(f"emergency:{emergency}", "outbound", emergency=emergency)
        application = self._codes.get(number)
        if application is not None:
            return Routed(application, "internal")
        entry = self._dialplan.number_of(number)
        if entry is not None and entry.internal:
            return Routed(self._dialplan.application_name(entry), "internal", tag=entry.tag, entry=entry)
        if number in self._dialplan.extensions:
            return Routed(f"extension:{number}", "internal")
        if self._withhold and number.startswith(self._withhold) and len(number) > len(self._withhold):
            return self.from_extension(extension, number[len(self._withhold) :])._replace(withheld=True)
        if not number or self._dialplan.route_of(number) is None:
            raise RouteError(404, "not_found", f"no number {number!r}")
        if not extension.outbound:
            raise RouteError(403, "forbidden", f"extension {extension.number} may not call outside")
        return Routed(f"outbound:{number}", "outbound")

    def from_trunk(self, trunk: Trunk, number: str) -> Routed:
        """What a caller of `trunk` reaches: a number that lists the trunk, or the trunk's own application.
        RouteError 404.

        The number is tried as it came, with and without its leading "+", and as E.164. Extensions and
        routes are out of reach (R8).
        """
        entry = self._dialplan.reached(number, trunk)
        if entry is not None:
            return Routed(self._dialplan.application_name(entry), "inbound", number, entry.tag, entry)
        if trunk.config.application:
            return Routed(trunk.config.application, "inbound", number)
        raise RouteError(404, "not_found", f"trunk {trunk.name} leads nowhere for {number!r}")
