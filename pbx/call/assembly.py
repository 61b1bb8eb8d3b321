"""Puts the call layer together from its surroundings; the composition root calls `assemble` once."""

from __future__ import annotations

import os
from collections.abc import Iterable

from pbx.call import b2bua
from pbx.call.addresses import LocalAddresses
from pbx.call.application import Applications, echo
from pbx.call.authentication import Authenticator
from pbx.call.bans import Bans
from pbx.call.dialplan import Dialplan
from pbx.call.digit_ways import DigitWays
from pbx.call.following import follow
from pbx.call.gruu import Gruus
from pbx.call.guesses import GuessAlarm, Guesses
from pbx.call.inbound import Inbound
from pbx.call.incall_codes import InCallCodes
from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.call.limits import Limits
from pbx.call.location import LocationStore
from pbx.call.media_security import MediaPolicies
from pbx.call.negotiation import SdpNegotiator
from pbx.call.number_book import NumberBook
from pbx.call.outbound import Outbound
from pbx.call.phone_settings import MemorySettingsStore, PhoneBook, SettingsStore
from pbx.call.ports import Agent, MediaPort, Negotiator, Prompts
from pbx.call.recorder import Recorder
from pbx.call.regions import Regions
from pbx.call.registrar import Registrar
from pbx.call.registration import Registration
from pbx.call.ring_plan import RingPlan
from pbx.call.router import Router
from pbx.call.running import RunningCalls
from pbx.call.screening import Screening
from pbx.call.service import CallService
from pbx.call.services import Services
from pbx.call.sip_policies import SipPolicies
from pbx.call.transfer.consult import Codes
from pbx.call.transfer.service import Transfers
from pbx.call.trunks import Trunks
from pbx.call.trunks.carriers import Carriers
from pbx.call.trunks.ledger import Ledger
from pbx.call.trunks.tables import price_lists, range_table
from pbx.clock import Clock
from pbx.config import Config
from pbx.events import EventBus


def assemble(
    config: Config,
    *,
    bus: EventBus,
    clock: Clock,
    agent: Agent,
    media: MediaPort,
    prompts: Prompts,
    listening: Iterable[tuple[str, int]] = (),
    location_store: LocationStore | None = None,
    settings_store: SettingsStore | None = None,
    keeper: Keeper | None = None,
    negotiator: Negotiator | None = None,
    secret: bytes = b"",
) -> CallService:
    """The call service, to be set as the user agent's handler. Features then register in
    `service.services.applications`.

    `listening` are the (address, port) pairs of the SIP sockets; those bound later are told to
    `services.addresses.listen`.
    `secret` (16 bytes or more) keeps digest nonces valid over a restart; b"" makes one. Call
    `services.registrar.restore()` and `services.phones.restore()`
    before serving; trunks that are given by name need `hop.find`.
    """
    addresses = LocalAddresses(listening, names=(config.sip.domain,), advertise=config.sip.advertise)
    policies = SipPolicies(config)
    agent.extensions = policies.general
    limits = Limits()
    ledger = Ledger(clock, keeper)
    trunks = Trunks(config.trunk, country=config.numbering.country, prices=price_lists(config))
    outbound = Outbound(config, trunks, limits, ledger)
    applications = Applications()
    registrar = Registrar(bus, clock, location_store, max_contacts=config.sip.max_contacts)
    phones = PhoneBook(settings_store if settings_store is not None else MemorySettingsStore(), bus)
    gruus = Gruus(config.sip.domain, secret or os.urandom(32))
    dialplan = Dialplan(config, registrar, limits, applications, phones, clock, outbound, gruus)
    regions = Regions(config.numbering.country, config.server.language, range_table(config))
    inbound = Inbound(config, Screening(config.screening, clock, keeper), regions)
    applications.register("screened", inbound.application)
    router = Router(config, dialplan)
    services = Services(
        config=config,
        bus=bus,
        clock=clock,
        agent=agent,
        media=media,
        prompts=prompts,
        negotiator=negotiator if negotiator is not None else SdpNegotiator(config.media),
        media_policies=MediaPolicies(config, media.protection),
        digit_ways=DigitWays(config),
        addresses=addresses,
        registrar=registrar,
        trunks=trunks,
        limits=limits,
        ledger=ledger,
        carriers=Carriers(trunks, agent, bus, clock, limits, ledger),
        inbound=inbound,
        applications=applications,
        dialplan=dialplan,
        recorder=Recorder(bus, clock),
        running=RunningCalls(limits),
        router=router,
        phones=phones,
        keeper=keeper if keeper is not None else MemoryKeeper(),
        rings=RingPlan(config),
        sip_policies=policies,
    )
    applications.register_one("echo", echo)
    b2bua.register(applications, dialplan)
    guesses = Guesses(clock, GuessAlarm(bus, clock))
    services.numbers = NumberBook(config, dialplan, applications, keeper if keeper is not None else MemoryKeeper())
    bans = services.bans = Bans(config.bans, clock, bus, registrar=registrar, trunks=trunks, keeper=keeper)
    authenticator = Authenticator(config, clock, registrar.is_known_peer, secret, guesses=guesses, bans=bans)
    services.transfers = Transfers(services, router, authenticator)
    services.incall_codes = InCallCodes(config)
    codes = Codes(services.transfers, config.incall)
    services.incall_codes.register("blind", config.incall.blind, codes.blind)
    services.incall_codes.register("attended", config.incall.attended, codes.attended)
    follow(services, authenticator)
    return CallService(
        services,
        router,
        authenticator,
        Registration(config.sip, registrar, addresses, clock, gruus),
    )
