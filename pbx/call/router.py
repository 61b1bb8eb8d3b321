"""Where an INVITE leads: an application by name. Trunks reach configured numbers only; extensions each other and,
if they may, out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.errors import RouteError

if TYPE_CHECKING:
    from pbx.call.dialplan import Dialplan
    from pbx.call.trunks import Trunk
    from pbx.config import Config, Extension


class Routed(NamedTuple):
    """The application, and what the call's record says about the way there."""

    application: str
    direction: str
    did: str = ""
    tag: str = ""


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

    def from_extension(self, extension: Extension, number: str) -> Routed:
        """What `extension` reaches by dialling `number`. RouteError 403 or 404."""
        application = self._codes.get(number)
        if application is not None:
            return Routed(application, "internal")
        entry = self._dialplan.numbers.get(number)
        if entry is not None and entry.internal:
            return Routed(entry.application, "internal", tag=entry.tag)
        if number in self._dialplan.extensions:
            return Routed(f"extension:{number}", "internal")
        if not number or self._dialplan.route_of(number) is None:
            raise RouteError(404, "not_found", f"no number {number!r}")
        if not extension.outbound:
            raise RouteError(403, "forbidden", f"extension {extension.number} may not call outside")
        return Routed(f"outbound:{number}", "outbound")

    def from_trunk(self, trunk: Trunk, number: str) -> Routed:
        """What a caller of `trunk` reaches: a number that lists the trunk, or the trunk's own application.
        RouteError 404.

        The number is tried with and without its leading "+". Extensions and routes are out of reach (R8).
        """
        numbers, name = self._dialplan.numbers, trunk.name
        entry = numbers.get(number)
        if entry is not None and name in entry.trunks:
            return Routed(entry.application, "inbound", number, entry.tag)
        bare = number.lstrip("+")
        for form in (bare, f"+{bare}"):
            entry = numbers.get(form)
            if entry is not None and name in entry.trunks:
                return Routed(entry.application, "inbound", number, entry.tag)
        if trunk.config.application:
            return Routed(trunk.config.application, "inbound", number)
        raise RouteError(404, "not_found", f"trunk {trunk.name} leads nowhere for {number!r}")
