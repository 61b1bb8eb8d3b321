"""What gateways over HTTP have in common: no connection to keep, so nothing to start, and a pace."""

from __future__ import annotations

from pbx.config_sms import SmsGateway
from pbx.sms.pace import Pace

AT_ONCE = 8  # requests under way


class HttpGateway:
    """Half of a pbx.sms.gateway.Gateway. `callback` is the address that it reports to, "" for none."""

    def __init__(self, config: SmsGateway, callback: str) -> None:
        self.config = config
        self._callback = callback
        self._pace = Pace(config.per_second)
        self.is_up = True

    @property
    def room(self) -> int:
        return AT_ONCE

    @property
    def throttled(self) -> int:
        return self._pace.throttled

    async def start(self) -> None:
        """Nothing: each message is a request of its own."""

    async def stop(self) -> None:
        """Nothing."""
