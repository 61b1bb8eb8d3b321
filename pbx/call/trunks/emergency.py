"""Emergency numbers: connected whatever the limits, by whichever trunk, and an operator hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.configfile.emergency import numbers_of
from pbx.events import Alarm, Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.trunks.caller_id import CallerIds
    from pbx.call.trunks.trunks import Candidate, Trunks
    from pbx.config import Config, Extension

ALARM = "emergency_call"


class EmergencyNumbers:
    """Which dialled strings are emergency calls, and which trunks take them."""

    def __init__(self, config: Config, trunks: Trunks, ids: CallerIds) -> None:
        self._trunks = trunks
        self._ids = ids
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        numbers = numbers_of(config)
        self.numbers = frozenset(numbers)
        self._routes = config.route
        self._order = config.emergency.trunks
        self.preempts = config.emergency.preempt
        # A number behind the digits that a route takes off ("9112" where 9 leads outside) is one as well.
        self._dialled = {number: number for number in numbers}
        for route in config.route:
            head = route.match.removeprefix("_")[: route.strip]
            if head.isdigit() and len(head) == route.strip:
                self._dialled.update({head + number: number for number in numbers})

    def find(self, dialled: str) -> str:
        """The emergency number that was dialled; "" when it was none."""
        return self._dialled.get(dialled, "")

    def candidates(self, number: str) -> list[Candidate]:
        """Every trunk that can call out, the best first: those of `emergency.trunks`, of the routes, others.

        The number is sent as it is: it is the same in every form.
        """
        names = list(self._order)
        for route in self._routes:
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

    async def make_room(self, call: Call, number: str) -> None:
        """When every trunk is full, ends the newest other call on the first, so that the carrier has a line for this
        one; returns when that call is over.
        """
        candidates = self.order(call, self.candidates(number))
        if not self.preempts or not candidates:
            return
        trunk, limits = candidates[0].trunk, call.services.limits
        if limits.in_use(trunk.limit_key) < trunk.max_calls:
            return
        for other in reversed(list(call.services.running.calls.values())):
            if other is call or other.setup.emergency:
                continue
            if other.trunk == trunk.name or any(leg.trunk == trunk.name for leg in other.legs):
                other.terminate("preempted")
                await other.over()
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
        if call.setup.emergency:  # a flow that dials such a number for its caller has the journey alone
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
