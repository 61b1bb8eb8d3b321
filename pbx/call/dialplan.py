"""Where a target leads when we dial it: an extension's registered phones, or a trunk for those who may use one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.conditions import Conditions
from pbx.call.dialled import Contact, Dialled
from pbx.call.directory import NumberTable
from pbx.call.errors import DialFailed
from pbx.call.identity import address, clean_number, uri_user
from pbx.call.patterns import PatternTable, is_pattern
from pbx.call.phone_flows import ways_to
from pbx.sip.identity_headers import ANONYMOUS_FROM
from pbx.sip.requests import SECURE

if TYPE_CHECKING:
    from pbx.call.application import Application, Applications
    from pbx.call.call import Call
    from pbx.call.gruu import Gruus
    from pbx.call.limits import Limits
    from pbx.call.outbound import Outbound
    from pbx.call.phone_settings import PhoneBook
    from pbx.call.registrar import Registrar
    from pbx.call.trunks import Trunk
    from pbx.clock import Clock
    from pbx.config import Config, Extension, Number, Route


class Tables:
    """What a dial plan looks up, made of a configuration; large ones are made in a thread."""

    def __init__(self, config: Config) -> None:
        self.extensions = {extension.number: extension for extension in config.extension}
        self.directory = NumberTable(entry for entry in config.number if not is_pattern(entry.number))
        self.patterns = PatternTable((entry.number, entry) for entry in config.number if is_pattern(entry.number))
        self.routes = PatternTable((route.match, route) for route in config.route)
        self.sites = {site.name: site for site in config.site}
        self.languages: dict[str, str] = {}
        self.zones: dict[str, str] = {}
        self.domain = config.sip.domain
        for extension in config.extension:
            site = self.sites.get(extension.site)
            if site is not None and site.language:
                self.languages[extension.number] = site.language
            if site is not None and site.timezone:
                self.zones[extension.number] = site.timezone


class Dialplan:
    """The configured extensions, numbers and routes, ready to be looked up."""

    def __init__(
        self,
        config: Config,
        registrar: Registrar,
        limits: Limits,
        applications: Applications,
        phones: PhoneBook,
        clock: Clock,
        outbound: Outbound,
        gruus: Gruus,
    ) -> None:
        self.gruus = gruus
        self.extensions: dict[str, Extension] = {}  # the same mapping for ever: others look into it
        self.hours = Conditions(config, clock)
        self._registrar = registrar
        self.outbound = outbound
        self._limits = limits
        self._applications = applications
        self._phones = phones
        self.take(Tables(config))

    def take(self, tables: Tables) -> None:
        """From now on as these say; imported numbers are put beside the configured ones by the book of numbers."""
        self.extensions.clear()
        self.extensions.update(tables.extensions)
        self.directory, self.patterns, self.routes = tables.directory, tables.patterns, tables.routes
        self.sites, self._languages, self._zones = tables.sites, tables.languages, tables.zones
        self._domain = tables.domain

    @property
    def numbers(self) -> dict[str, Number]:
        """The single numbers of the table, as they are written."""
        return self.directory.entries

    def route_of(self, number: str, caller: str = "") -> Route | None:
        """The outbound route whose prefix or pattern fits `number` best, of those that exist at this hour where the
        extension `caller` is.
        """
        zone = self._zones.get(caller, "")
        return self.routes.find(number, lambda route: not route.hours or self.hours.state(route.hours, zone) == "open")

    def is_emergency(self, number: str) -> bool:
        """Whether `number` goes out in any case: without the right to call outside and over every limit."""
        return bool(self.outbound.emergency.find(number))

    def neighbour(self, extension: Extension, short: str) -> str:
        """The extension that phones of the same site reach as `short`, "" when there is none."""
        site = self.sites.get(extension.site) if extension.site else None
        if site is None or not site.prefix:
            return ""
        number = site.prefix + short
        other = self.extensions.get(number)
        return number if other is not None and other.site == extension.site else ""

    def language_of(self, extension: str) -> str:
        """The language of the site where the phone stands; "" as for everybody."""
        return self._languages.get(extension, "")

    def number_of(self, dialled: str) -> Number | None:
        """The configured number, or else the most specific pattern, that `dialled` is."""
        entry = self.directory.get(dialled)
        return entry if entry is not None or not self.patterns else self.patterns.find(dialled)

    def reached(self, number: str, trunk: Trunk) -> Number | None:
        """What a caller of `trunk` reaches by `number`: entries that list it, single numbers and ranges first."""
        found = self.directory.reached(number, trunk)
        if found is None and self.patterns:
            found = self.patterns.find(number, lambda entry: trunk.name in entry.trunks)
        return found

    def zone_of(self, extension: str) -> str:
        """The time zone of the site where the phone stands; "" as for everybody."""
        return self._zones.get(extension, "")

    def application_name(self, entry: Number, caller: str = "") -> str:
        """What the number leads to at this hour, for a call of the extension `caller`."""
        if not entry.hours:
            return entry.application
        state = self.hours.state(entry.hours, self._zones.get(caller, ""))
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
        if call.setup.secure:  # a carrier's further hops are not ours to promise
            raise DialFailed(480, f"{number!r} is outside, where sips cannot be kept", "insecure")
        emergency = self.outbound.emergency.find(number)
        if emergency:
            return self.outbound.dial_emergency(call, emergency)
        route = self.route_of(number, account or call.extension) if number else None
        if route is None:
            raise DialFailed(404, f"no extension and no route for {number!r}", "not_found")
        return self.outbound.dial(call, number, route, account or call.extension)

    def _to_extension(self, call: Call, extension: Extension) -> Dialled:
        number = extension.number
        bindings = self._registrar.bindings(number)
        if bindings and call.setup.gruu and number == call.setup.callee:
            bindings = self.gruus.find(call.setup.gruu, bindings)
        if not bindings:
            raise DialFailed(480, "Not registered", "unregistered")
        if call.setup.secure:
            bindings = [binding for binding in bindings if binding.destination.transport in SECURE]
            if not bindings:
                raise DialFailed(480, f"extension {number} has no phone that TLS leads to", "insecure")
        key = f"extension:{number}"
        if self._phones.of(number).dnd:
            raise DialFailed(486, f"extension {number} does not want to be disturbed", "do_not_disturb")
        if self._limits.in_use(key) and not self._phones.call_waiting(extension):
            raise DialFailed(486, f"extension {number} is on a call and has no call waiting", "busy")
        if not self._limits.acquire(key, extension.max_calls):
            raise DialFailed(486, f"extension {number} is on {extension.max_calls} calls", "limit")
        hidden = call.setup.withheld
        caller = call.setup.caller
        contacts = [
            Contact(binding.uri, binding.destination, binding.path, None, others, binding.q)
            for binding, others in ways_to(bindings)
        ]
        return Dialled(  # by position: by name it costs twice as much
            number,
            tuple(contacts),
            ANONYMOUS_FROM if hidden else address(call.setup.caller_name, caller, self._domain),
            f"<sip:{uri_user(number)}@{self._domain}>",
            "anonymous" if hidden else uri_user(clean_number(caller)),
            "",
            (key,),
        )
