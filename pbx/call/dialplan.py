"""Where a target leads when we dial it: an extension's registered phones, or a trunk for those who may use one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.conditions import Conditions
from pbx.call.errors import DialFailed
from pbx.call.identity import address, clean_number, uri_user
from pbx.call.outgoing import Contact, Dialled
from pbx.call.patterns import PatternTable, is_pattern

if TYPE_CHECKING:
    from pbx.call.application import Application, Applications
    from pbx.call.call import Call
    from pbx.call.limits import Limits
    from pbx.call.phone_settings import PhoneBook
    from pbx.call.registrar import Registrar
    from pbx.call.trunks import Trunks
    from pbx.clock import Clock
    from pbx.config import Config, Extension, Number, Route


class Dialplan:
    """The configured extensions, numbers and routes, ready to be looked up."""

    def __init__(
        self,
        config: Config,
        registrar: Registrar,
        trunks: Trunks,
        limits: Limits,
        applications: Applications,
        phones: PhoneBook,
        clock: Clock,
    ) -> None:
        self.extensions: dict[str, Extension] = {extension.number: extension for extension in config.extension}
        self.numbers: dict[str, Number] = {number.number: number for number in config.number}
        self.patterns = PatternTable((entry.number, entry) for entry in config.number if is_pattern(entry.number))
        self.hours = Conditions(config, clock)
        self.routes = PatternTable((route.match, route) for route in config.route)
        self.sites = {site.name: site for site in config.site}
        self._domain = config.sip.domain
        self._registrar = registrar
        self._trunks = trunks
        self._limits = limits
        self._applications = applications
        self._phones = phones

    def route_of(self, number: str) -> Route | None:
        """The outbound route whose prefix or pattern fits `number` best, of those that exist at this hour."""
        return self.routes.find(number, self._route_exists)

    def _route_exists(self, route: Route) -> bool:
        return not route.hours or self.hours.state(route.hours) == "open"

    def number_of(self, dialled: str) -> Number | None:
        """The configured number, or else the most specific pattern, that `dialled` is."""
        entry = self.numbers.get(dialled)
        return entry if entry is not None or not self.patterns else self.patterns.find(dialled)

    def application_name(self, entry: Number) -> str:
        """What the number leads to at this hour."""
        if not entry.hours:
            return entry.application
        state = self.hours.state(entry.hours)
        if state == "open":
            return entry.application
        return (state == "holiday" and entry.holiday) or entry.closed

    def named_application(self, number: str) -> str:
        """The name of the application that an internal `number` reaches; "" when it is none."""
        entry = self.number_of(number)
        return self.application_name(entry) if entry is not None and entry.internal else ""

    def application_of(self, number: str) -> Application | None:
        """The application that an internal `number` reaches; None when it is none."""
        name = self.named_application(number)
        return self._applications.find(name) if name else None

    def may_forward(self, extension: Extension, target: str) -> bool:
        """Whether `extension` may forward to `target`: to the outside only with the right to call there (R8)."""
        return target in self.extensions or self.number_of(target) is not None or extension.outbound

    def resolve(self, call: Call, target: str, account: str = "") -> Dialled:
        """Who is rung for `target`, with its limits taken. `account` is the extension that pays for an outbound call.

        Raises DialFailed: 480 not registered, 486 busy by its limit, 403 no right, 404 no such number, 503 trunk full
        or down.
        """
        extension = self.extensions.get(target)
        if extension is not None:
            return self._to_extension(call, extension)
        number = clean_number(target)
        route = self.route_of(number) if number else None
        if route is None:
            raise DialFailed(404, f"no extension and no route for {number!r}", "not_found")
        return self._to_trunk(call, number, route, account or call.extension)

    def _to_extension(self, call: Call, extension: Extension) -> Dialled:
        number = extension.number
        bindings = self._registrar.bindings(number)
        if not bindings:
            raise DialFailed(480, "Not registered", "unregistered")
        key = f"extension:{number}"
        if self._phones.of(number).dnd:
            raise DialFailed(486, f"extension {number} does not want to be disturbed", "do_not_disturb")
        if self._limits.in_use(key) and not self._phones.call_waiting(extension):
            raise DialFailed(486, f"extension {number} is on a call and has no call waiting", "busy")
        if not self._limits.acquire(key, extension.max_calls):
            raise DialFailed(486, f"extension {number} is on {extension.max_calls} calls", "limit")
        return Dialled(
            target=number,
            contacts=tuple(Contact(binding.uri, binding.destination, binding.path) for binding in bindings),
            from_=address(call.caller_name, call.caller, self._domain),
            to=f"<sip:{uri_user(number)}@{self._domain}>",
            contact_user=uri_user(clean_number(call.caller)),
            limit_keys=(key,),
        )

    def _to_trunk(self, call: Call, number: str, route: Route, account: str) -> Dialled:
        payer = self.extensions.get(account)
        if payer is None or not payer.outbound:
            raise DialFailed(403, f"extension {account!r} may not call outside", "forbidden")
        trunk = self._trunks.outbound(route.trunk)
        dialled = route.prefix + number[route.strip :]
        left_s = self._allowance_s(payer, route)
        keys = (trunk.limit_key, f"outbound:{account}")
        if not self._limits.acquire(keys[0], trunk.max_calls):
            raise DialFailed(503, f"trunk {trunk.name} carries {trunk.max_calls} calls", "congestion")
        if not self._limits.acquire(keys[1], payer.outbound_max_calls):
            self._limits.release(keys[:1])
            raise DialFailed(486, f"extension {account} is on {payer.outbound_max_calls} outbound calls", "limit")
        user = uri_user(dialled)
        return Dialled(
            target=number,
            contacts=(Contact(trunk.uri(user), trunk.destination(), (), trunk.credentials),),
            from_=address(call.caller_name, trunk.caller_id or call.caller, trunk.domain),
            to=f"<sip:{user}@{trunk.domain}>",
            contact_user=uri_user(clean_number(trunk.username or call.caller)),
            trunk=trunk.name,
            limit_keys=keys,
            max_talk_s=left_s,
            account=account,
        )

    def _allowance_s(self, payer: Extension, route: Route) -> float:
        """How long `payer` may talk on `route` today, 0.0 for no limit (security.md, decision 7)."""
        if route.international and not payer.international:
            raise DialFailed(403, f"extension {payer.number} may not call abroad", "forbidden")
        if not payer.outbound_minutes_per_day:
            return 0.0
        left_s = payer.outbound_minutes_per_day * 60 - self._limits.spent_s(payer.number)
        if left_s < 1:
            minutes = payer.outbound_minutes_per_day
            raise DialFailed(403, f"extension {payer.number} has used its {minutes} outbound minutes of today", "limit")
        return left_s
