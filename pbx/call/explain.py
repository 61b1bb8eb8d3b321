"""What would happen to a dialled number, step by step and without a call, explained from the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.call.application import Applications
from pbx.call.dialplan import Dialplan
from pbx.call.errors import DialFailed, RouteError
from pbx.call.gruu import Gruus
from pbx.call.limits import Limits
from pbx.call.outbound import Outbound
from pbx.call.phone_settings import MemorySettingsStore, PhoneBook
from pbx.call.registrar import Registrar
from pbx.call.router import Router
from pbx.call.trunks import Trunks
from pbx.call.trunks.ledger import Ledger
from pbx.call.trunks.tables import price_lists
from pbx.clock import Clock
from pbx.config import Config, Extension
from pbx.events import EventBus


@dataclass(slots=True)
class Decision:
    """`steps` are sentences in order; `application` is where it leads ("" nowhere, then `status` is answered)."""

    steps: list[str]
    application: str = ""
    status: int = 0


class Explainer:
    """Looks numbers up as the running PBX does; what phones have set by code is not known to it."""

    def __init__(self, config: Config, clock: Clock) -> None:
        bus, limits = EventBus(), Limits()
        self._trunks = Trunks(config.trunk, country=config.numbering.country, prices=price_lists(config))
        phones = PhoneBook(MemorySettingsStore(), bus)
        outbound = Outbound(config, self._trunks, limits, Ledger(clock, None))
        gruus = Gruus(config.sip.domain, bytes(32))
        registrar = Registrar(bus, clock, None, max_contacts=1)
        self._plan = Dialplan(config, registrar, limits, Applications(), phones, clock, outbound, gruus)
        self._router = Router(config, self._plan)

    def from_extension(self, caller: str, number: str) -> Decision:
        """What `caller` reaches by dialling `number`. LookupError when there is no such extension."""
        extension = self._plan.extensions.get(caller)
        if extension is None:
            raise LookupError(f"there is no extension {caller!r}")
        steps: list[str] = []
        try:
            routed = self._router.from_extension(extension, number, steps)
        except RouteError as error:
            return Decision([*steps, f"refused with {error.status}: {error}"], "", error.status)
        self._describe(routed.application, extension, steps)
        return Decision(steps, routed.application)

    def from_trunk(self, name: str, number: str) -> Decision:
        """What a caller of trunk `name` reaches. LookupError when there is no such trunk."""
        trunk = self._trunks.get(name)
        if trunk is None:
            raise LookupError(f"there is no trunk {name!r}")
        steps: list[str] = []
        try:
            routed = self._router.from_trunk(trunk, number, steps)
        except RouteError as error:
            return Decision([*steps, f"refused with {error.status}: {error}"], "", error.status)
        self._describe(routed.application, None, steps)
        return Decision(steps, routed.application)

    def _describe(self, application: str, caller: Extension | None, steps: list[str]) -> None:
        """What follows from the application: forwards, follow-me, trunks."""
        kind, _, name = application.partition(":")
        if kind == "extension":
            self._describe_extension(self._plan.extensions[name], steps)
        elif kind == "outbound" and caller is not None:
            route = self._plan.route_of(name)
            if route is not None and route.international and not caller.international:
                steps.append(f"refused with 403: extension {caller.number} may not call abroad")
                return
            try:
                candidates = self._trunks.select(name, route, 0.0) if route is not None else []
            except DialFailed as failure:
                steps.append(f"refused with {failure.status}: {failure.reason}")
                return
            steps += [f"trunk {candidate.trunk.name} is sent {candidate.number}" for candidate in candidates]
        elif kind == "emergency":
            for candidate in self._plan.outbound.emergency.candidates(name):
                steps.append(f"trunk {candidate.trunk.name} is sent {candidate.number}")

    def _describe_extension(self, extension: Extension, steps: list[str]) -> None:
        if extension.forward_always:
            steps.append(f"all its calls are forwarded to {extension.forward_always}")
        for step in extension.follow_me:
            steps.append(f"follow-me: {step.target} rings after {step.delay_s:g} s for {step.ring_s:g} s")
        for reason in ("busy", "no_answer", "unregistered"):
            target = getattr(extension, f"forward_{reason}")
            if target:
                steps.append(f"forwarded to {target} when {reason.replace('_', ' ')}")
