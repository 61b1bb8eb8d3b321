"""Emergency numbers: connected whatever the limits, by whichever trunk, and an operator hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.events import Alarm, Kind
from pbx.numbers.plan import emergency_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pbx.call.call import Call
    from pbx.call.trunks.caller_id import CallerIds
    from pbx.call.trunks.trunks import Candidate, Trunks
    from pbx.config import Config, Extension, Route

ALARM = "emergency_call"
SERVICE_PATTERN = "urn:service:sos"  # RFC 5031, as phones with an emergency key dial it


class EmergencyNumbers:
    """Which dialled strings are emergency calls, and which trunks take them."""

    def __init__(self, config: Config, trunks: Trunks, ids: CallerIds) -> None:
        given = config.emergency.numbers
        numbers = emergency_numbers(config.numbering.country) if given is None else tuple(given)
        self.numbers = frozenset(numbers)
        self._trunks = trunks
        self._ids = ids
        self._order = config.emergency.trunks
        self.preempts = config.emergency.preempt
        # A number behind the digits that a route takes off ("9112" where 9 leads outside) is one as well.
        self._dialled = {number: number for number in numbers}
        for route in config.route:
            if route.strip and route.strip <= len(route.match):
                head = route.match[: route.strip]
                self._dialled.update({head + number: number for number in numbers})

    def find(self, dialled: str) -> str:
        """The emergency number that was dialled; "" when it was none."""
        return self._dialled.get(dialled, "")

    def candidates(self, number: str, routes: Iterable[Route]) -> list[Candidate]:
        """Every trunk that can call out, the best first: those of `emergency.trunks`, of the number's routes, others.

        The number is sent as it is: it is the same in every form.
        """
        names = list(self._order)
        for route in routes:
            names += route.trunks or [route.trunk]
        names += [trunk.name for trunk in self._trunks if trunk.host]
        found = []
        for name in dict.fromkeys(names):
            trunk = self._trunks.get(name)
            if trunk is not None and trunk.host:
                found.append(self._trunks.candidate(trunk, number)._replace(number=number))
        return found

    def order(self, call: Call, candidates: list[Candidate]) -> list[Candidate]:
        """Healthy trunks with room first, then full ones, then dead ones: all of them are tried."""
        limits, now = call.services.limits, call.loop.time()

        def rank(candidate: Candidate) -> int:
            trunk = candidate.trunk
            if not trunk.health.usable(now):
                return 2
            return int(limits.in_use(trunk.limit_key) >= trunk.max_calls)

        return sorted(candidates, key=rank)

    def make_room(self, call: Call, candidate: Candidate) -> None:
        """Ends the newest other call on a trunk that is full, so that the carrier has a line for this one."""
        trunk = candidate.trunk
        if not self.preempts or call.services.limits.in_use(trunk.limit_key) < trunk.max_calls:
            return
        for other in reversed(list(call.services.running.calls.values())):
            if other is call or other.setup.emergency:
                continue
            if other.trunk == trunk.name or any(leg.trunk == trunk.name for leg in other.legs):
                other.terminate("preempted")
                return

    def tell(self, call: Call, number: str, payer: Extension | None) -> tuple[str, ...]:
        """Event and alarm; returns the header lines that tell the carrier where the caller is (RFC 6442)."""
        site = self._ids.site_of(payer)
        where = site.location if site is not None else ""
        call.emit(
            Kind.EMERGENCY,
            number=number,
            extension=payer.number if payer is not None else "",
            site=site.name if site is not None else "",
            location=where,
        )
        who = f"{call.caller} {call.caller_name}".strip()
        text = f"{who} calls {number}" + (f" from {where}" if where else "") + "; send help to the door to wait for it"
        services = call.services
        services.bus.publish(Alarm(ALARM, text, True, services.clock.unix()))
        if site is None or not site.geolocation:
            return ()
        return (f"Geolocation: <{site.geolocation}>", "Geolocation-Routing: yes")

    def over(self, call: Call) -> None:
        """The call has ended; the alarm is over when no other emergency call runs."""
        services = call.services
        if any(other.setup.emergency and other is not call for other in services.running.calls.values()):
            return
        services.bus.publish(Alarm(ALARM, "no emergency call is running", False, services.clock.unix()))
