"""A call that comes by a trunk, before it is routed: who it is from, from where, and whether he may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.identity import ANONYMOUS
from pbx.call.trunks.inbound import inbound_caller

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.regions import Regions
    from pbx.call.screening import Entry, Screening
    from pbx.call.setup import Setup
    from pbx.call.trunks import Trunk
    from pbx.config import Config
    from pbx.sip.message import Request

APPLICATION = "screened"  # what callers hear whose entry says "announce"
TEXTS = {
    "en": "Calls from your number are not accepted here. Goodbye.",
    "pl": "Połączenia z tego numeru nie są tu przyjmowane. Do widzenia.",
    "ru": "Звонки с вашего номера здесь не принимаются. До свидания.",
}


class Inbound:
    """Puts what is known of the caller into the call's setup, and asks the lists."""

    def __init__(self, config: Config, screening: Screening, regions: Regions) -> None:
        self.screening = screening
        self.regions = regions
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._language: str = config.server.language
        self.screening.anonymous = config.screening.anonymous
        self._texts: dict[str, str] = {**TEXTS, **dict(config.screening.announcement.items())}

    def take(self, setup: Setup, request: Request, trunk: Trunk) -> Entry | None:
        """The entry that keeps the caller out, None when he may come in."""
        caller = inbound_caller(request, trunk)
        setup.withheld = caller.withheld
        if caller.withheld:
            setup.caller, setup.caller_name = ANONYMOUS, ""
        else:
            setup.caller, setup.caller_name = caller.number, caller.name
            self.regions.tell(setup, caller.number)
        return self.screening.judge(caller.number, withheld=caller.withheld)

    def texts(self) -> list[tuple[str, str]]:
        """(text, language) of the announcement, for preloading."""
        return [(self._texts[self._language], self._language)]

    def application(self, name: str) -> Application | None:
        """The application of those who hear why they are not let in."""
        return self._announce if not name else None

    async def _announce(self, call: Call) -> None:
        """As early media where the caller can hear those: a call that is refused should cost him nothing."""
        clip = await call.services.prompts.get(self._texts[self._language], self._language)
        await call.play([clip])
        await call.hangup("blocked")
