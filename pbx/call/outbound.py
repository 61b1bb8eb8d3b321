"""Calls that leave by a trunk: who may make them, who pays, and which trunks are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.dialled import Dialled
from pbx.call.errors import DialFailed
from pbx.call.trunks.caller_id import CallerIds
from pbx.call.trunks.emergency import EmergencyNumbers
from pbx.call.trunks.hunt import Attempt, Hunt
from pbx.call.trunks.ledger import Caps, Ledger
from pbx.numbers.prices import MICRO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pbx.call.call import Call
    from pbx.call.limits import Limits
    from pbx.call.trunks.trunks import Trunks
    from pbx.config import Config, Extension, Route

    Tables = tuple[dict[str, Extension], dict[str, Caps]]


class Outbound:
    """Rights and caps of extensions and trunks (security.md, decision 7)."""

    def __init__(self, config: Config, trunks: Trunks, limits: Limits, ledger: Ledger) -> None:
        self._payers: dict[str, Extension] = {}  # accounts without a phone
        self._extensions: Mapping[str, Extension] = {}
        self._trunks = trunks
        self._limits = limits
        self._ledger = ledger
        self.ids = CallerIds(config)
        self.emergency = EmergencyNumbers(config, trunks, self.ids)
        self.take(self.tables(config))

    def tables(self, config: Config) -> Tables:
        """What `take` is given."""
        before = self._extensions
        configured = {extension.number: extension for extension in config.extension}
        caps = {
            account_key(number): _caps(extension)
            for number, extension in configured.items()
            if before.get(number) is not extension
        }
        for trunk in config.trunk:
            money = round(trunk.money_per_day * MICRO), round(trunk.money_per_month * MICRO)
            caps[f"trunk:{trunk.name}"] = Caps(0, *money)
        return configured, caps

    def take(self, tables: Tables) -> None:
        """From now on as these tables say: rights and limits hold for the next call, what was spent stays spent."""
        configured, caps = tables
        self._extensions = {**configured, **self._payers}
        self._ledger.cap_all(caps)

    def add_payer(self, account: Extension) -> None:
        """An account without a phone that calls of a feature are charged to; its number is its name."""
        self._payers[account.number] = account
        self._extensions = {**self._extensions, account.number: account}
        self._ledger.cap(account_key(account.number), _caps(account))

    def dial(self, call: Call, number: str, route: Route, account: str) -> Dialled:
        """`number` by the trunks of `route`, at the expense of the extension `account`.

        Raises DialFailed: 403 no right or no allowance left, 486 too many calls of the extension, 503 no trunk.
        """
        payer = self._extensions.get(account)
        if payer is None or not payer.outbound:
            raise DialFailed(403, f"extension {account!r} may not call outside", "forbidden")
        if route.international and not payer.international:
            raise DialFailed(403, f"extension {account} may not call abroad", "forbidden")
        self._check_allowance(payer)
        candidates = self._trunks.select(number, route, call.loop.time())
        hunt = Hunt(call, candidates, payer, limits=self._limits, ledger=self._ledger, ids=self.ids)
        attempt = _first(hunt)
        key = f"outbound:{account}"
        if not self._limits.acquire(key, payer.outbound_max_calls):
            self._limits.release((attempt.limit_key,))
            raise DialFailed(486, f"extension {account} is on {payer.outbound_max_calls} outbound calls", "limit")
        return _dialled(attempt, number, hunt, (key,))

    def dial_emergency(self, call: Call, number: str) -> Dialled:
        """An emergency number: no right, cap or limit is asked. DialFailed 503 when there is no trunk at all."""
        payer = self._extensions.get(call.extension)
        emergency = self.emergency
        candidates = emergency.order(call, emergency.candidates(number))
        lines = emergency.tell(call, number, payer)
        hunt = Hunt(call, candidates, payer, limits=self._limits, ledger=self._ledger, ids=self.ids, emergency=lines)
        return _dialled(_first(hunt), number, hunt, ())

    def _check_allowance(self, payer: Extension) -> None:
        if self._ledger.left_s(account_key(payer.number)) < 1:
            minutes = payer.outbound_minutes_per_day
            raise DialFailed(403, f"extension {payer.number} has used its {minutes} outbound minutes of today", "limit")


def account_key(extension: str) -> str:
    """What the ledger keeps an extension's account under."""
    return f"extension:{extension}"


def _caps(payer: Extension) -> Caps:
    return Caps(
        round(payer.outbound_minutes_per_day * 60),
        round(payer.outbound_money_per_day * MICRO),
        round(payer.outbound_money_per_month * MICRO),
    )


def _first(hunt: Hunt) -> Attempt:
    attempt = hunt.next()
    if attempt is None:
        failure = hunt.failure
        raise DialFailed(failure.status, failure.reason, failure.cause)
    return attempt


def _dialled(attempt: Attempt, number: str, hunt: Hunt, keys: tuple[str, ...]) -> Dialled:
    dialled = Dialled(number, (), "", "", hunt=hunt, limit_keys=("", *keys))
    dialled.take(attempt)
    return dialled
