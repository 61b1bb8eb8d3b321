"""Who may transfer whom where: REFER, feature codes and the control socket all come through here."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded, RouteError
from pbx.call.identity import clean_number
from pbx.call.leg import Leg
from pbx.call.moving import detach
from pbx.call.outgoing import OutgoingLeg
from pbx.call.router import Routed
from pbx.call.transfer import attended
from pbx.call.transfer.referral import Referral
from pbx.call.transfer.transfer import UNDER_WAY, Transfer, stay
from pbx.sip.refer import ReferTo

if TYPE_CHECKING:
    from pbx.call.authentication import Authenticator
    from pbx.call.router import Router
    from pbx.call.services import Services
    from pbx.config import Extension
    from pbx.sip.in_dialog import InDialogRequest
    from pbx.sip.message import Request

log = logging.getLogger("centrala.call")

DIALLED = ("extension", "outbound")  # kinds whose answer is awaited, and whose refusal brings the party back
RINGS = ("group",)  # applications that ring somebody, and say so when nobody answers
NAMED = ("queue", "flow", "voicemail")  # targets by name: no phone can dial a colon, only commands name them
PRIVATE = ("feature", "setting", "supervise", "pickup")  # what belongs to the phone that dials it


class Transfers:
    """`started`, `refused`: totals for the metrics."""

    def __init__(self, services: Services, router: Router, authenticator: Authenticator) -> None:
        self._services = services
        self._router = router
        self._authenticator = authenticator
        self.started = 0
        self.refused = 0

    # -- REFER -----------------------------------------------------------------------------------------------------

    def on_refer(self, leg: Leg, request: Request, handle: InDialogRequest) -> None:
        """A REFER inside the dialog of `leg`: refused at once, or 202 and NOTIFYs (RFC 3515)."""
        if not leg.extension:  # a trunk must not make us call for it (security.md R8)
            self.refused += 1
            handle.respond(403)
            return
        if not self._proved(leg, request, handle):
            return
        refer_to = ReferTo.parse(request.header("Refer-To") or "")  # `sanity` has read it
        quiet = (request.header("Refer-Sub") or "").partition(";")[0].strip().lower() == "false"
        assert leg.session is not None
        referral = None if quiet else Referral(leg.session, request.cseq)
        leg.referral, former = referral, leg.referral
        try:
            if refer_to.replaces is not None:
                other = self._replaced(leg, refer_to)
                self.attended(leg, other, referral=referral)
            else:
                self.blind(leg, clean_number(refer_to.user), referral=referral)
        except RouteError as error:
            self.refused += 1
            leg.referral = former
            log.info("call %s: transfer by %s refused: %s", leg.live_call.id, leg.extension, error)
            handle.respond(error.status)
            return
        handle.respond(202, headers=("Refer-Sub: false",) if quiet else ())
        if referral is not None:
            referral.accept()

    def _proved(self, leg: Leg, request: Request, handle: InDialogRequest) -> bool:
        """Whether the REFER came on the way that the dialog takes, or carries the account's password (advisory 24)."""
        source, known = handle.source, leg.session.source if leg.session is not None else None
        if known is not None and (source.transport, source.host, source.port) == (
            known.transport,
            known.host,
            known.port,
        ):
            return True
        verdict = self._authenticator.check(request, source)
        if verdict.status:
            self._services.counters.refused(verdict.status)
            handle.respond(verdict.status, headers=verdict.headers)
            return False
        if verdict.account != leg.extension:
            handle.respond(403)
            return False
        return True

    def _replaced(self, leg: Leg, refer_to: ReferTo) -> Leg:
        """The transferor's other leg; somebody else's dialog is none of its business (security.md R10)."""
        assert refer_to.replaces is not None
        session = self._services.agent.find_replaced(*refer_to.replaces[:3])
        other = session.observer if session is not None else None
        if not isinstance(other, Leg) or other.call is None or other.extension != leg.extension:
            raise RouteError(481, "not_found", "Replaces names no dialog of this extension")
        return other

    # -- the two kinds ---------------------------------------------------------------------------------------------

    def blind(self, leg: Leg, target: str, *, method: str = "refer", referral: Referral | None = None) -> Transfer:
        """The party that `leg`, the transferor's, talks to is connected to `target`, as if the transferor dialled it.

        RouteError when `target` is out of reach, or there is nobody to transfer.
        """
        call, party = leg.live_call, leg.peer
        extension = self._transferor(leg)
        if party is None or not leg.answered_at:
            raise RouteError(403, "rejected", "nobody is talked to")
        routed = self._route(extension, target)
        transfer = Transfer(
            leg, target, extension=extension.number, method=method, referral=referral, record=call.recording
        )
        kind = routed.application.partition(":")[0]
        if kind not in DIALLED:
            transfer.application = self._services.applications.find(routed.application)
            transfer.waits = kind in RINGS
        try:
            if leg is call.a:
                assert isinstance(party, OutgoingLeg)
                mine, call = (
                    call,
                    detach(party, transfer.run, routed.application, callee=target, cause=attended.CAUSE),
                )
                mine.redirect(stay, mine.application)
                transfer.begin(call, mine)
            else:
                transfer.begin(call)
                call.redirect(transfer.run, routed.application)
        except CallEnded as error:
            raise RouteError(481, "lost", str(error)) from None
        self.started += 1
        return transfer

    def attended(self, leg: Leg, other: Leg, *, method: str = "refer", referral: Referral | None = None) -> Transfer:
        """The party of `leg` is joined with what the same transferor has at `other`, another of its legs."""
        extension = self._transferor(leg)
        there = other.live_call
        target = other.peer.target if other.peer is not None else there.callee
        if extension.transfer == "internal" and other.peer is not None and other.peer.trunk:
            raise RouteError(403, "forbidden", f"extension {extension.number} may transfer to own numbers only")
        transfer = Transfer(
            leg,
            target,
            extension=extension.number,
            method=method,
            referral=referral,
            record=leg.live_call.recording,
        )
        attended.join(transfer, leg, other)
        self.started += 1
        return transfer

    def may_consult(self, leg: Leg, target: str) -> tuple[str, str]:
        """The extension at `leg` and the application that `target` leads to, if it may be consulted by code: one that
        rings somebody. The application is "" for a number that is dialled, and the extension for one that can only be
        transferred to (a queue, a room, a parked call). RouteError.
        """
        extension = self._transferor(leg)
        name = self._route(extension, target).application
        kind = name.partition(":")[0]
        if kind in DIALLED:
            return extension.number, ""
        return (extension.number if kind in self._services.consulted else ""), name

    def _transferor(self, leg: Leg) -> Extension:
        extension = self._services.dialplan.extensions.get(leg.extension)
        if extension is None or extension.transfer == "none":
            raise RouteError(403, "forbidden", f"{leg.extension or 'a trunk'} may not transfer")
        under_way = leg.live_call.transfer
        if under_way is not None and under_way.state == UNDER_WAY:
            raise RouteError(491, "rejected", "a transfer is under way already")
        return extension

    def _route(self, extension: Extension, target: str) -> Routed:
        if target.partition(":")[0] in NAMED and ":" in target:
            self._services.applications.find(target)
            return Routed(target, "internal")
        routed = self._router.from_extension(extension, target)
        kind = routed.application.partition(":")[0]
        if kind in PRIVATE:
            raise RouteError(403, "forbidden", f"nobody can be transferred to {target}")
        if kind == "outbound" and extension.transfer == "internal":
            raise RouteError(403, "forbidden", f"extension {extension.number} may transfer to own numbers only")
        return routed
