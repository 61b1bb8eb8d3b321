"""Which gateway takes a message: the longest beginning of the number, then priority; those that are down are passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pbx.config_sms import Sms
from pbx.contact.spend import ALL, Spend
from pbx.sms.gateway import Gateway
from pbx.sms.message import Message


class Routes:
    """`cooling` and `under_way` are kept by the sender: a gateway that did not take a message rests for a while."""

    def __init__(self, settings: Sms, gateways: Sequence[Gateway], spend: Spend) -> None:
        self._settings = settings
        self._gateways: Sequence[Gateway] = gateways
        self._spend = spend
        self.cooling: dict[str, float] = {}  # name: until (UTC seconds)
        self.under_way: Counter[str] = Counter()  # submissions by gateway

    def configure(self, settings: Sms, gateways: Sequence[Gateway]) -> None:
        """From now on as `settings` say, by these gateways."""
        self._settings, self._gateways = settings, gateways

    def of_number(self, number: str) -> list[Gateway]:
        """Those that serve a number, in the order in which they are tried."""
        fitting = []
        for gateway in self._gateways:
            lengths = [len(each) for each in gateway.config.prefixes if number.startswith(each)]
            if lengths or not gateway.config.prefixes:
                fitting.append((-max(lengths, default=0), gateway.config.priority, gateway))
        fitting.sort(key=lambda entry: entry[:2])
        return [gateway for *_, gateway in fitting]

    def way(self, message: Message) -> str:
        """Names the gateways that `message` may go by, in their order."""
        return (
            message.gateway if message.pinned else ",".join(way.config.name for way in self.of_number(message.number))
        )

    def cost(self, gateway: Gateway, parts: int) -> float:
        return gateway.config.price_per_part * parts

    def fits(self, gateway: Gateway, parts: int) -> bool:
        """Whether the money for it is left, of the gateway and of all."""
        settings, config, cost = self._settings, gateway.config, self.cost(gateway, parts)
        return self._spend.fits(config.name, cost, config.money_per_day, config.money_per_month) and self._spend.fits(
            ALL, cost, settings.money_per_day, settings.money_per_month
        )

    def choose(self, message: Message, now: float) -> tuple[Gateway | None, str]:
        """The gateway that may have `message` now; else None and why: "busy" (one is up and has no room at this
        moment), "down", "money", or "none".
        """
        why = "none"
        for gateway in self.of_number(message.number):
            name = gateway.config.name
            if message.pinned and name != message.gateway:
                continue
            if not gateway.is_up or self.cooling.get(name, 0.0) > now:
                why = "down" if why in ("none", "money") else why
            elif not self.fits(gateway, message.parts):
                why = "money" if why == "none" else why
            elif self.under_way[name] >= gateway.room:
                return None, "busy"
            else:
                return gateway, ""
        return None, why
