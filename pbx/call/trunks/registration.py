"""Our registration at a carrier (RFC 3261 section 10.2): kept fresh, tried again with patience, taken back at the end.

Refreshes carry the same Call-ID and a growing CSeq. The Contact has a token of its own: by it a call is known to be for
this registration, and among the contacts of an answer our own is found.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip.address import NextHop as Way
from pbx.sip.message import SipParseError, parse_seconds

if TYPE_CHECKING:
    from pbx.call.ports import Requester
    from pbx.call.trunks.trunk import Trunk
    from pbx.sip.address import Destination
    from pbx.sip.message import Response

log = logging.getLogger("centrala.trunk")

REFRESH = (0.75, 0.9)  # of what was granted: not all trunks at the same moment, and early enough for several tries
FIRST_RETRY_S = 5.0
MAX_RETRY_S = 300.0
REFUSED_RETRY_S = 60.0  # a wrong password does not become right by asking often, and carriers ban who tries
MAX_REFUSED_RETRY_S = 1800.0
MAX_RETRY_AFTER_S = 3600.0
JITTER = (0.75, 1.25)
UNRESOLVED_RETRY_S = 2.0
RECONNECT_S = (0.5, 2.0)  # not all trunks at the same moment
GOODBYE_S = 2.0
MAX_EXPIRES_S = 86_400

TRYING = "trying"
REGISTERED = "registered"
REFUSED = "refused"
UNREACHABLE = "unreachable"
STOPPED = "stopped"


class TrunkRegistration:
    """Use: `start()`, then `on_change(registered)` tells what becomes of it; `await stop()` at the end."""

    def __init__(self, trunk: Trunk, agent: Requester, chance: random.Random | None = None) -> None:
        self.trunk = trunk
        self.state = TRYING
        self.reason = ""  # why it is not registered
        self.expires_at = 0.0  # the loop's seconds; 0.0 while not registered
        self.line = token(32)
        self.on_change: Callable[[bool], None] | None = None
        self._agent = agent
        self._random = chance if chance is not None else random.Random()
        self._asked_s = trunk.config.register_expires_s
        self._call_id = f"{token(32)}@{trunk.domain or 'centrala'}"
        self._cseq = 0
        self._failures = 0
        self._timer: asyncio.TimerHandle | None = None
        self._turn = 0  # answers to earlier turns are too late
        self._gone: asyncio.Event | None = None

    @property
    def registered(self) -> bool:
        """Whether the carrier knows where we are."""
        return self.expires_at > asyncio.get_running_loop().time()

    def start(self) -> None:
        """Registers, and goes on doing so."""
        self._register()

    def connection_lost(self) -> None:
        """The connection that the carrier would call us by is gone: it learns of a new one soon (RFC 5626 4.5)."""
        if self.state is REGISTERED:
            self._after(self._random.uniform(*RECONNECT_S), self._register)

    async def stop(self) -> None:
        """Takes the registration back; waits at most 2 s for the carrier to confirm it."""
        self.say_goodbye()
        if self._gone is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._gone.wait()
        except TimeoutError:
            log.warning("trunk %s: the registration could not be taken back; it expires by itself", self.trunk.name)

    def say_goodbye(self) -> None:
        """The first half of `stop`: all is said as the trunk is now, whatever becomes of it next."""
        self._cancel_timer()
        was, self.state = self.registered, STOPPED
        destination = self.trunk.registrar.destination
        self.expires_at = 0.0
        if was and destination is not None:
            self._turn += 1
            self._gone = asyncio.Event()
            self._send(destination, 0)

    # -- asking --------------------------------------------------------------------------------------------------

    def _register(self) -> None:
        self._timer = None
        destination = self.trunk.registrar.destination
        if destination is None:
            self._fail(TRYING, f"{self.trunk.registrar.host} is not resolved", UNRESOLVED_RETRY_S)
            return
        self._turn += 1
        self._send(destination, self._asked_s)

    def _send(self, destination: Destination, expires_s: int) -> None:
        trunk, hop, turn = self.trunk, self.trunk.registrar, self._turn
        me = f"<sip:{trunk.username}@{trunk.domain_of_account}>"
        host, port = self._agent.local_address(destination)
        contact = f"<sip:{trunk.username}@{host}:{port}{hop.transport_param};line={self.line}>"
        self._cseq += 3  # a challenge takes further ones
        self._agent.request(
            "REGISTER",
            uri=f"sip:{trunk.domain_of_account}{hop.transport_param}",
            destination=destination,
            from_=me,
            to=me,
            headers=(f"Contact: {contact};expires={expires_s}", f"Expires: {expires_s}", "Supported: path"),
            credentials=trunk.credentials,
            call_id=self._call_id,
            cseq=self._cseq,
            alternatives=[Way(other) for other in hop.destinations()[1:]],
            on_response=lambda status, response: self._answered(turn, status, response),
        )

    # -- answers -------------------------------------------------------------------------------------------------

    def _answered(self, turn: int, status: int, response: Response | None) -> None:
        if turn != self._turn:
            return
        if self.state is STOPPED:
            if self._gone is not None:
                self._gone.set()
        elif status == 423 and response is not None and self._longer(response):
            self._register()
        elif 200 <= status < 300 and response is not None:
            self._granted(response)
        elif response is None or status >= 500 or status == 408:
            reason = f"{status} {response.reason}" if response is not None else f"no answer ({status})"
            self._later(UNREACHABLE, reason, response)
        else:
            self._later(REFUSED, f"{status} {response.reason}", response)

    def _longer(self, response: Response) -> bool:
        """Takes a Min-Expires (423); False when it asks for nothing that helps."""
        least = parse_seconds(response.header("Min-Expires"))
        if least is None or not self._asked_s < least <= MAX_EXPIRES_S:
            return False
        self._asked_s = least
        return True

    def _granted(self, response: Response) -> None:
        expires_s = self._expires_s(response)
        if expires_s <= 0:
            self._later(REFUSED, "the carrier answered 200 without our Contact", response)
            return
        loop = asyncio.get_running_loop()
        self.trunk.route_set = tuple(response.values("Service-Route"))
        self._failures = 0
        self.reason = ""
        self.expires_at = loop.time() + expires_s
        self._after(expires_s * self._random.uniform(*REFRESH), self._register)
        if self.state is not REGISTERED:
            self.state = REGISTERED
            log.info("trunk %s is registered for %d s", self.trunk.name, expires_s)
            if self.on_change is not None:
                self.on_change(True)

    def _expires_s(self, response: Response) -> int:
        """For how long our Contact was granted: its own parameter, else the Expires header, else what we asked for."""
        try:
            contacts = response.contacts
        except SipParseError:
            return 0
        for contact in contacts:
            if contact.uri.params.get("line") == self.line:
                granted = parse_seconds(contact.params.get("expires"))
                if granted is None:
                    granted = parse_seconds(response.header("Expires"))
                return self._asked_s if granted is None else granted
        if contacts:
            return 0
        given = parse_seconds(response.header("Expires"))  # some leave the contacts out
        return self._asked_s if given is None else given

    def _later(self, state: str, reason: str, response: Response | None) -> None:
        """Tries again after a growing while, or after the one that the carrier names."""
        self._failures += 1
        first, most = (FIRST_RETRY_S, MAX_RETRY_S) if state is UNREACHABLE else (REFUSED_RETRY_S, MAX_REFUSED_RETRY_S)
        delay_s = min(most, first * 2.0 ** min(self._failures - 1, 16)) * self._random.uniform(*JITTER)
        wished_s = retry_after_s(response)
        if wished_s is not None:
            delay_s = min(MAX_RETRY_AFTER_S, max(float(wished_s), 1.0))
        self._fail(state, reason, delay_s)

    def _fail(self, state: str, reason: str, delay_s: float) -> None:
        self._after(delay_s, self._register)
        if self.registered:  # a refresh that failed: what was granted holds until it expires
            self.reason = reason
            left_s = self.expires_at - asyncio.get_running_loop().time()
            if delay_s > left_s:
                self._after(left_s, self._register)
            return
        told = self.state in (REFUSED, UNREACHABLE)
        self.state, self.reason, self.expires_at = state, reason, 0.0
        if not told and state is not TRYING:
            log.warning("trunk %s is not registered: %s; next try in %.0f s", self.trunk.name, reason, delay_s)
            if self.on_change is not None:
                self.on_change(False)

    def _after(self, delay_s: float, act: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(delay_s, act)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def retry_after_s(response: Response | None) -> int | None:
    """The seconds of a Retry-After, its comment and parameters left out (RFC 3261 section 20.33)."""
    value = response.header("Retry-After") if response is not None else None
    return parse_seconds(value.partition("(")[0].partition(";")[0].strip()) if value else None
