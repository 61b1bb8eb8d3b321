"""What calls and applications get from the rest of the process, gathered once by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.call.keeping import MemoryKeeper
from pbx.configfile.change import Followers

if TYPE_CHECKING:
    from pbx.call.addresses import LocalAddresses
    from pbx.call.application import Applications
    from pbx.call.call import Call
    from pbx.call.dialplan import Dialplan
    from pbx.call.digit_ways import DigitWays
    from pbx.call.inbound import Inbound
    from pbx.call.incall_codes import InCallCodes
    from pbx.call.keeping import Keeper
    from pbx.call.leg import Leg
    from pbx.call.limits import Limits
    from pbx.call.media_security import MediaPolicies
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.phone_settings import PhoneBook
    from pbx.call.ports import Agent, MediaPort, Negotiator, Prompts
    from pbx.call.recorder import Recorder
    from pbx.call.registrar import Registrar
    from pbx.call.ring_plan import RingPlan
    from pbx.call.router import Router
    from pbx.call.running import RunningCalls
    from pbx.call.setup import Setup
    from pbx.call.sip_policies import SipPolicies
    from pbx.call.transfer.service import Transfers
    from pbx.call.trunks import Trunks
    from pbx.call.trunks.carriers import Carriers
    from pbx.call.trunks.ledger import Ledger
    from pbx.clock import Clock
    from pbx.config import Config
    from pbx.events import EventBus


@dataclass(slots=True)
class Counters:
    """Totals since the start, for metrics."""

    invites: int = 0  # dialog-forming INVITEs, those refused included
    calls: int = 0  # that an application was started for
    challenged: int = 0  # requests answered with a digest challenge
    forbidden: int = 0  # wrong credentials, or too many of them
    not_routed: int = 0
    limited: int = 0  # refused by a limit
    drained: int = 0  # refused because we are shutting down
    application_errors: int = 0
    registrations: int = 0  # REGISTER requests granted

    def refused(self, status: int) -> None:
        """Counts what authentication answered with: 401 is a challenge, anything else a refusal."""
        if status == 401:
            self.challenged += 1
        else:
            self.forbidden += 1


@dataclass(slots=True)
class Services:
    """The call layer's surroundings; `call.services` gives them to applications."""

    config: Config
    bus: EventBus
    clock: Clock
    agent: Agent
    media: MediaPort
    prompts: Prompts
    negotiator: Negotiator
    media_policies: MediaPolicies
    digit_ways: DigitWays
    addresses: LocalAddresses
    registrar: Registrar
    trunks: Trunks
    limits: Limits
    ledger: Ledger
    carriers: Carriers
    inbound: Inbound
    applications: Applications
    dialplan: Dialplan
    recorder: Recorder
    running: RunningCalls
    router: Router
    phones: PhoneBook
    rings: RingPlan
    sip_policies: SipPolicies
    counters: Counters = field(default_factory=Counters)
    followers: Followers = field(default_factory=Followers)  # of changes of `config` while we run
    incall_codes: InCallCodes = field(init=False)  # set by `assemble`
    transfers: Transfers = field(init=False)  # set by `assemble`
    numbers: Any = None  # pbx.call.number_book.NumberBook, set by the assembly
    keeper: Keeper = field(default_factory=MemoryKeeper)  # small states that outlive the process
    bans: Any = None  # pbx.call.bans.Bans, set by the assembly
    message_waiting: Any = None  # set by the presence feature: `set(mailbox, new, old)` lights lamps
    # How "group:NAME" and the like ring for somebody who consults them, by kind; the features fill it.
    consulted: dict[str, Callable[[Call, str], Awaitable[OutgoingLeg]]] = field(default_factory=dict)
    hasten: Callable[[], None] = lambda: None  # sends what signalling has to send before the turn of the loop ends
    # Whether somebody takes a leg that its call needs no more: set by the queue feature, for lines that stay connected.
    spare: Callable[[Leg], bool] = lambda _leg: False
    queues: Any = None  # set by the queue feature, for flows
    contacts: Any = None  # pbx.contact.book.ContactBook, set by the composition root
    attribute: Callable[[str, Setup, float], None] | None = None  # set by tracking: says where a new call comes from
    extra: dict[str, Any] = field(default_factory=dict)  # what other features offer to applications, by name
