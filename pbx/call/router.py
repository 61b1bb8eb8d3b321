"""Where an INVITE leads: an application by name. Trunks reach configured numbers only; extensions each other and,
if they may, out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.codes import DialledCodes
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
    """Pure look-up in the configuration. `steps` collects, for people, what was looked at and why it fitted or not."""

    def __init__(self, config: Config, dialplan: Dialplan) -> None:
        self._dialplan = dialplan
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._codes = DialledCodes(config)
        self._withhold = config.features.withhold_number

    def from_extension(self, extension: Extension, number: str, steps: list[str] | None = None) -> Routed:
        """What `extension` reaches by dialling `number`. RouteError 403 or 404. Emergency numbers come first."""
        emergency = self._dialplan.outbound.emergency.find(number)
        if emergency:
            _note(steps, f"{number} is the emergency number {emergency}: no right and no limit is asked for")
            return Routed(f"emergency:{emergency}", "outbound", emergency=emergency)
        application = self._codes.application(number)
        if application:
            _note(steps, f"{number} is a feature code")
            return Routed(application, "internal")
        entry = self._dialplan.number_of(number)
        if entry is not None and entry.internal and entry.number == number:
            return self._to_number(entry, number, extension, steps)
        if number in self._dialplan.extensions:
            _note(steps, f"{number} is an extension")
            return Routed(f"extension:{number}", "internal")
        if entry is not None and entry.internal:
            return self._to_number(entry, number, extension, steps)
        return self._further(extension, number, steps)

    def _further(self, extension: Extension, number: str, steps: list[str] | None) -> Routed:
        """Speed dials, neighbours of the same site, and the way out."""
        plan = self._dialplan
        target = self._codes.speed_dial(extension, number)
        if target and target != number and not self._codes.speed_dial(extension, target):
            _note(steps, f"{number} is a speed dial for {target}")
            return self.from_extension(extension, target, steps)
        if self._withhold and number.startswith(self._withhold) and len(number) > len(self._withhold):
            _note(steps, f"{self._withhold} withholds the caller's number")
            return self.from_extension(extension, number[len(self._withhold) :], steps)._replace(withheld=True)
        neighbour = plan.neighbour(extension, number)
        if neighbour:
            _note(steps, f"{number} is {neighbour} of the same site {extension.site}")
            return Routed(f"extension:{neighbour}", "internal")
        route = plan.route_of(number, extension.number) if number else None
        if route is None:
            _note(steps, "no extension, number, pattern, feature code or route of this hour fits")
            raise RouteError(404, "not_found", f"no number {number!r}")
        _note(steps, f"route {route.match!r} goes out by {route.trunk or ', '.join(route.trunks)}")
        if not extension.outbound:
            raise RouteError(403, "forbidden", f"extension {extension.number} may not call outside")
        return Routed(f"outbound:{number}", "outbound")

    def from_trunk(self, trunk: Trunk, number: str, steps: list[str] | None = None) -> Routed:
        """What a caller of `trunk` reaches: a number that lists the trunk, or the trunk's own application.
        RouteError 404.

        The number is tried as it came, with and without its leading "+", and as E.164. Extensions and
        routes are out of reach (R8).
        """
        entry = self._dialplan.reached(number, trunk)
        if entry is not None:
            self._explain_number(entry, number, steps)
            return Routed(self._dialplan.application_name(entry), "inbound", number, entry.tag, entry)
        if trunk.config.application:
            _note(steps, f"no number lists trunk {trunk.name}: its own application")
            return Routed(trunk.config.application, "inbound", number)
        raise RouteError(404, "not_found", f"trunk {trunk.name} leads nowhere for {number!r}")

    def _to_number(self, entry: Number, number: str, caller: Extension, steps: list[str] | None) -> Routed:
        self._explain_number(entry, number, steps, self._dialplan.zone_of(caller.number))
        application = self._dialplan.application_name(entry, caller.number)
        return Routed(application, "internal", tag=entry.tag, entry=entry)

    def _explain_number(self, entry: Number, number: str, steps: list[str] | None, zone: str = "") -> None:
        if steps is None:
            return
        others = [other.text for other, value in self._dialplan.patterns.matching(number) if value is not entry]
        fits = f"{number} fits {entry.number}{f' to {entry.last}' if entry.last else ''}"
        rest = f" (more specific than {', '.join(others)})" if others else ""
        steps.append(f"{number} is configured" if entry.number == number else fits + rest)
        if entry.hours:
            state, why = self._dialplan.hours.explain(entry.hours, zone)
            steps.append(f"hours {entry.hours!r} are {state}: {why}")


def _note(steps: list[str] | None, text: str) -> None:
    if steps is not None:
        steps.append(text)
