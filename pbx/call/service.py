"""The call service: every INVITE, REGISTER and OPTIONS that the user agent lets through comes here first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.call.call import Application, Call, Setup
from pbx.call.causes import cause_of, reason_header
from pbx.call.errors import RouteError
from pbx.call.gruu import PREFIX, is_gruu
from pbx.call.identity import clean_name, clean_number
from pbx.call.inbound import APPLICATION as SCREENED
from pbx.call.introduction import introduce
from pbx.call.negotiation import sdp_status
from pbx.call.recheck import Recheck
from pbx.call.requests import Requests, no_subscription, refer_needs_a_call
from pbx.call.service_keys import TOTAL
from pbx.call.transfer.replacing import replacing
from pbx.events import CallEvent, Kind
from pbx.ids import new_id
from pbx.sip.multipart import MultipartError, find_part
from pbx.sip.refer import Replaces
from pbx.sip.requests import ALLOW_ALL_LINE, SUPPORTED_LINE
from pbx.sip.uri import unescape

if TYPE_CHECKING:
    from pbx.call.authentication import Authenticator
    from pbx.call.guesses import Guesses
    from pbx.call.registration import Registration
    from pbx.call.router import Routed, Router
    from pbx.call.screening import Entry
    from pbx.call.services import Services
    from pbx.call.trunks import Trunk
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.observer import ServerTransactionHandle
    from pbx.sip.session import InviteSession

log = logging.getLogger("centrala.call")

CAPABILITIES = (ALLOW_ALL_LINE, "Accept: application/sdp, application/dtmf-relay, application/dtmf", SUPPORTED_LINE)
RETRY_AFTER_S = 10
_REPLACES = ("Replaces",)
MAX_FORWARDS = 70


@dataclass(slots=True, frozen=True)
class CallSnapshot:
    """One running call, for lists. `since` is UTC seconds; `state` is "ringing", "answered" or "bridged"."""

    id: str
    caller: str
    caller_name: str
    callee: str
    state: str
    since: float
    application: str
    queue: str
    direction: str
    trunk: str
    held: bool = False  # by either side


class _Refused(Exception):
    """The INVITE is answered with `status` instead of becoming a call."""

    def __init__(self, status: int, cause: str, headers: Sequence[str] = (), screened: Entry | None = None) -> None:
        super().__init__(f"{status} {cause}")
        self.screened = screened
        self.status = status
        self.cause = cause
        self.headers = headers


class CallService:
    """Implements `pbx.sip.observer.UserAgentHandler`. `calls` holds the running ones by id."""

    def __init__(
        self, services: Services, router: Router, authenticator: Authenticator, registration: Registration
    ) -> None:
        self.services = services
        self.calls: dict[str, Call] = services.running.calls
        self.draining = False
        self._seen: tuple[Request, Trunk] | None = None  # the last INVITE of a trunk
        self._router = router
        self.authenticator = authenticator
        self._registration = registration
        self.recheck = Recheck(authenticator)
        self.requests = Requests(authenticator, services.counters)
        self.requests.register_open("OPTIONS", self._options)
        self.requests.register("REGISTER", self._register)
        self.requests.register_open("NOTIFY", no_subscription)
        self.requests.register("REFER", refer_needs_a_call)

    def screen(self, request: Request, source: Source) -> tuple[int, Sequence[str]] | None:
        """The challenge for a request without credentials, where some are needed (`pbx.sip.user_agent.Screen`)."""
        counters = self.services.counters
        if request.method == "INVITE":
            if self.draining or self._trunk_of(request, source) is not None:
                return None
            counters.invites += 1
        elif not self.requests.needs_credentials(request.method):
            return None
        verdict = self.authenticator.check(request, source)
        counters.refused(verdict.status)
        return verdict.status, verdict.headers

    def _trunk_of(self, request: Request, source: Source) -> Trunk | None:
        """The trunk that an INVITE came by. Asked by `screen` and again by `on_invite`, looked up once."""
        seen = self._seen
        if seen is not None and seen[0] is request:
            self._seen = None
            return seen[1]
        trunk = self.services.trunks.of_request(request.uri, source)
        self._seen = (request, trunk) if trunk is not None else None
        return trunk

    def is_emergency(self, request: Request) -> bool:
        """Whether an INVITE dials an emergency number: then overload control lets it in."""
        return bool(self.services.dialplan.outbound.emergency.find(clean_number(_dialled(request.uri))))

    # -- new calls ------------------------------------------------------------------------------------------------

    def on_invite(self, session: InviteSession, request: Request, source: Source) -> None:
        """Identifies the caller, finds the application, checks the limits, and starts the call; or answers why not."""
        counters = self.services.counters
        counters.invites += 1
        if self.draining:
            counters.drained += 1
            session.reject(503, headers=(f"Retry-After: {RETRY_AFTER_S}",))
            return
        trunk = self._trunk_of(request, source)
        account = ""
        if trunk is None:
            verdict = self.authenticator.check(request, source)
            if verdict.status:
                counters.refused(verdict.status)
                session.reject(verdict.status, headers=verdict.headers)
                return
            account = verdict.account
        session.follow_contact = trunk.is_peer if trunk is not None else None
        if self.services.sip_policies.any and not self._agree(session, request, trunk, account):
            return
        setup = self._setup(request, source, trunk, account)
        call_id = new_id(self.services.clock.unix())
        try:
            entry = self.services.inbound.take(setup, request, trunk) if trunk is not None else None
            replaces = request.header("Replaces") if request.has_any(_REPLACES) else None
            routed, application = self._route(setup, trunk, replaces, entry)
            self._take_route(setup, routed)
            setup.limit_keys = self._take_limits(trunk, account, setup.emergency)
            call = self._start(session, request, setup, call_id, application)
            if entry is not None:
                call.emit(Kind.SCREENED, pattern=entry.pattern, action=entry.action, reason=entry.reason)
            elif routed.entry is not None and routed.entry.cost_per_call and trunk is not None:
                cost, currency = routed.entry.cost_per_call, trunk.config.currency
                call.emit(Kind.LEG_CHARGED, trunk=trunk.name, cost=cost, currency=currency, seconds=0)
        except _Refused as refused:
            self._refuse(session, setup, call_id, refused)

    def _agree(self, session: InviteSession, request: Request, trunk: Trunk | None, account: str) -> bool:
        """Sets the session's policy to that of its account; False when it refuses the INVITE."""
        policy = self.services.sip_policies.of(account, trunk.name if trunk is not None else "")
        session.extensions = policy or session.extensions
        refusal = session.extensions.check_caller(request)
        if refusal is not None:
            session.reject(*refusal)
        return refusal is None

    def _setup(self, request: Request, source: Source, trunk: Trunk | None, account: str) -> Setup:
        sender = request.from_
        forwards = request.max_forwards
        name = self.services.dialplan.extensions[account].name if account else ""
        uri = request.uri
        gruu = uri if is_gruu(uri) else ""
        name = name or sender.display  # what is configured for an account is not its phone's to change
        callee = clean_number(self._callee_of(gruu) if gruu else _called(request, trunk))
        setup = Setup(account or clean_number(sender.uri.user), callee)
        setup.caller_name = clean_name(name) if name else ""
        if trunk is not None:
            setup.trunk = trunk.name
        else:
            setup.direction = "internal"
        setup.extension = account
        setup.max_forwards = (MAX_FORWARDS if forwards is None or forwards > MAX_FORWARDS else forwards) - 1
        setup.source = f"{source.host}:{source.port}"
        setup.gruu = gruu
        setup.secure = uri[:5].lower() == "sips:"
        introduce(setup, request, trunk)
        return setup

    def _callee_of(self, gruu: str) -> str:
        """A temporary GRUU does not show whose it is."""
        user = _dialled(gruu)
        return self.services.dialplan.gruus.extension_of(user) if user.startswith(PREFIX) else user

    def _route(
        self, setup: Setup, trunk: Trunk | None, replaces: str | None, entry: Entry | None
    ) -> tuple[Routed, Application]:
        if entry is not None and entry.action == "reject":
            raise _Refused(603, "blocked", screened=entry)
        try:
            if replaces is not None:
                return replacing(self.services, Replaces.parse(replaces), setup.extension)
            if trunk is not None:
                routed = self._router.from_trunk(trunk, setup.callee)
            else:
                routed = self._router.from_extension(self.services.dialplan.extensions[setup.extension], setup.callee)
            if entry is not None:
                name = SCREENED if entry.action == "announce" else entry.action
                routed = routed._replace(application=name)
            return routed, self.services.applications.find(routed.application)
        except RouteError as error:
            self.services.counters.not_routed += 1
            raise _Refused(error.status, error.cause) from None

    def _take_route(self, setup: Setup, routed: Routed) -> None:
        setup.application, setup.direction, setup.did, setup.tag = routed[:4]
        entry = routed.entry
        if entry is not None:
            if entry.hours and routed.application != entry.application:
                setup.off_hours = entry.application
            setup.campaign, setup.medium, setup.ring = entry.campaign, entry.medium, entry.ring
        if routed.withheld:
            setup.withheld = True
        if routed.emergency:
            setup.emergency = routed.emergency

    def _take_limits(self, trunk: Trunk | None, account: str, emergency: str) -> tuple[str, ...]:
        """All limits of the call or none: 503 for the whole and for a trunk, 486 for an extension. An emergency call
        is above all of them.
        """
        limits = self.services.limits
        if emergency:
            keys = (TOTAL, f"extension:{account}")
            for key in keys:
                limits.force(key)
            return keys
        if not limits.acquire(TOTAL, self.services.config.sip.max_calls):
            raise self._limited(503)
        if trunk is not None:
            key, maximum = trunk.limit_key, trunk.max_calls
        else:
            key, maximum = f"extension:{account}", self.services.dialplan.extensions[account].max_calls
        if not limits.acquire(key, maximum):
            limits.release((TOTAL,))
            raise self._limited(503 if trunk is not None else 486)
        return (TOTAL, key)

    def _limited(self, status: int) -> _Refused:
        self.services.counters.limited += 1
        if status == 486:
            return _Refused(486, "limit")
        return _Refused(503, "congestion", (f"Retry-After: {RETRY_AFTER_S}",))

    def _start(
        self, session: InviteSession, request: Request, setup: Setup, call_id: str, application: Application
    ) -> Call:
        call = Call(self.services, session, setup, call_id)
        try:
            call.a.negotiate(_offer(request))
        except Exception as error:
            status = sdp_status(error)
            call.a.finish(cause_of(status), status, say=False)
            self.services.limits.release(setup.limit_keys)
            log.info("call %s refused with %d: %s", call_id, status, error)
            raise _Refused(status, cause_of(status), _warning(error, self.services.config.sip.domain)) from None
        self.services.counters.calls += 1
        self.services.running.start(call, application)
        return call

    def _refuse(self, session: InviteSession, setup: Setup, call_id: str, refused: _Refused) -> None:
        """Answers the INVITE, and leaves a record: who wanted what, and why it was not given."""
        session.reject(refused.status, headers=(reason_header(refused.cause), *refused.headers))
        now = self.services.clock.unix()
        publish = self.services.bus.publish
        publish(CallEvent(Kind.CALL_STARTED, call_id, "a", now, setup.record()))
        if self.services.attribute is not None:
            self.services.attribute(call_id, setup, now)  # a call that was refused was paid for as well
        entry = refused.screened
        if entry is not None:
            told = {"pattern": entry.pattern, "action": entry.action, "reason": entry.reason}
            publish(CallEvent(Kind.SCREENED, call_id, "a", now, told))
        ended = {"cause": refused.cause, "sip_status": refused.status, "ended_by": "pbx", "setup_s": None}
        publish(CallEvent(Kind.CALL_ENDED, call_id, "a", now, ended))

    # -- other requests -------------------------------------------------------------------------------------------

    def on_request(self, transaction: ServerTransactionHandle, request: Request, source: Source) -> None:
        """Everything outside a dialog but INVITE: see `pbx.call.requests`."""
        self.requests.dispatch(transaction, request, source)

    def _options(self, transaction: ServerTransactionHandle, _request: Request, _source: Source) -> None:
        transaction.respond(200, None, CAPABILITIES)

    def _register(self, transaction: ServerTransactionHandle, request: Request, source: Source, account: str) -> None:
        reply = self._registration.handle(request, source, account)
        if reply.status == 200:
            self.services.counters.registrations += 1
        transaction.respond(reply.status, reply.reason, reply.headers)

    # -- for the CLI, the API and metrics -------------------------------------------------------------------------

    @property
    def guesses(self) -> Guesses:
        """Counters of wrong passwords."""
        return self.authenticator.guesses

    def active(self) -> list[CallSnapshot]:
        """The running calls, the oldest first."""
        return [
            CallSnapshot(
                call.id,
                call.caller,
                call.caller_name,
                call.callee,
                call.state,
                call.started_at,
                call.application,
                call.queue,
                call.direction,
                call.trunk,
                any(leg.hold_since for leg in (call.a, *call.legs)),
            )
            for call in self.calls.values()
        ]

    def hang_up(self, call_id: str) -> bool:
        """Ends a running call from outside; False when there is none of that id."""
        call = self.calls.get(call_id)
        if call is None:
            return False
        call.terminate("normal")
        return True

    async def drain(self, timeout_s: float) -> int:
        """Takes no new calls (503), waits up to `timeout_s` seconds for the running ones, ends the rest; returns
        how many.
        """
        self.draining = True
        try:
            async with asyncio.timeout(timeout_s):
                await self.services.running.idle()
        except TimeoutError:
            left = list(self.calls.values())
            for call in left:
                call.terminate("shutdown")
            await self.services.running.idle()
            await self.services.recorder.settle()
            return len(left)
        await self.services.recorder.settle()
        return 0


def _called(request: Request, trunk: Trunk | None) -> str:
    """What was dialled. Some carriers call the Contact that we registered: then the number stands in To."""
    user = _dialled(request.uri)
    if trunk is not None and trunk.config.registration and user == trunk.username:
        return request.to.uri.user or user
    return user


def _dialled(uri: str) -> str:
    """The user part of the Request-URI, or the number of a tel URI; "" when there is none."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0].replace("-", "").replace(".", "")  # visual separators (RFC 3966 section 3)
    user, at, _ = rest.partition("@")
    return unescape(user.partition(";")[0].partition(":")[0]) if at else ""


def _offer(request: Request) -> bytes:
    """The SDP of an INVITE, alone or as a part of a multipart body; b"" when it has none: then we make the offer."""
    body = request.body
    if not body or request.content_type == "application/sdp":
        return body
    if request.content_type.startswith("multipart/"):
        try:
            return find_part(request.header("Content-Type") or "", body, "application/sdp") or b""
        except MultipartError:
            return b""
    return b""


def _warning(error: Exception, host: str) -> tuple[str, ...]:
    """A Warning header for what SDP negotiation refused (RFC 3261 section 20.43)."""
    code: Any = getattr(error, "warning", 0)
    if not code:
        return ()
    text = str(error).replace("\\", "").replace('"', "'")
    return (f'Warning: {code} {host} "{clean_name(text)}"',)
