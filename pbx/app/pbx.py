"""One PBX: all layers built from one configuration, started from the bottom up and stopped from the top down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pbx
from core.engine.engine import Engine
from pbx.accounts.service import Accounts
from pbx.api.server import HttpServer
from pbx.app import (
    account_control,
    ledger_control,
    live_stream,
    outbox_control,
    prompt_control,
    report_schedule_control,
    screen_pop_control,
    selftest_control,
    team_control,
    tracking_control,
    voicemail_control,
    webhook_control,
    widget_control,
)
from pbx.app.agent_control import AppAgentControl
from pbx.app.alarms import Alarms
from pbx.app.certificates import CertificateKeeper
from pbx.app.contact_control import contacts_now
from pbx.app.equipment import start_equipment
from pbx.app.flow_control import start_flows
from pbx.app.flow_count_control import AppFlowCountControl
from pbx.app.following import follow_agents, follow_changes, thresholds
from pbx.app.http import build_servers
from pbx.app.nonce_key import nonce_key
from pbx.app.presence_control import AppPresenceControl
from pbx.app.reconfigure import Reconfigurer
from pbx.app.region_names import RegionNames
from pbx.app.settings_control import count_settings, start_settings
from pbx.app.sms_control import start_sms
from pbx.app.sources import metric_sources
from pbx.call.assembly import assemble
from pbx.call.service import CallService
from pbx.callback.service import Callbacks
from pbx.clock import Clock, SystemClock
from pbx.config import Config
from pbx.contact.service import REPLAYED_ROWS, Contacts
from pbx.events import EventBus
from pbx.features.checks import check_music
from pbx.features.service import Features
from pbx.flow.interpreter import Flows
from pbx.flow.publishing import Publishing
from pbx.live.hub import Hub
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts
from pbx.metrics.agents import AgentMetrics
from pbx.metrics.buckets import DECISION, LOOP_LAG
from pbx.metrics.callbacks import CallbackMetrics
from pbx.metrics.cells import HistogramCell
from pbx.metrics.contacts import ContactMetrics
from pbx.metrics.metrics import Metrics
from pbx.metrics.presence import PresenceCollector
from pbx.outbox.service import Outbox
from pbx.presence.service import PresenceService
from pbx.queue.codes import feature_application
from pbx.queue.codes import texts as code_texts
from pbx.queue.service import QueueService
from pbx.runtime.priority import go_first
from pbx.runtime.startup import check_core, make_folder, raise_descriptor_limit
from pbx.screenpop.service import ScreenPops
from pbx.selftest.service import SelfTests
from pbx.sms.service import SmsService
from pbx.store.store import Store
from pbx.tracking.service import Tracking
from pbx.transport.base import ListenAddress
from pbx.transport.driver import Driver
from pbx.transport.gc_policy import GcPolicy
from pbx.transport.resolver import Resolver, parse_target
from pbx.voicemail.service import Voicemail
from pbx.webhooks.service import Webhooks
from pbx.widget.service import WidgetService

log = logging.getLogger("centrala.app")


class Pbx:
    """`start` raises what a layer raises, each with its remedy in the text, and leaves nothing behind."""

    def __init__(self, config: Config, clock: Clock | None = None, reload: Callable[[], Config] | None = None) -> None:
        """`reload` reads the file of the configuration again, as `config` was read of it."""
        self.config = config
        self.reload = reload
        self.clock = clock if clock is not None else SystemClock()
        self.bus = EventBus(on_error=_handler_failed)
        self.data_dir = Path(config.server.data_dir)
        self.alarms = Alarms(self.bus)
        self.started_at = self.clock.unix()
        self.loop_lag = HistogramCell(LOOP_LAG)  # seconds
        self.decisions = HistogramCell(DECISION)  # seconds
        self._stack = contextlib.AsyncExitStack()
        self._preload: asyncio.Task[None] | None = None
        self.prompts_left = 0  # of those that are made at the start
        self.store: Store
        self.settings: Reconfigurer
        self.accounts: Accounts
        self.media: MediaEngine
        self.prompts: Prompts
        self.driver: Driver
        self.certificates: CertificateKeeper
        self.resolver: Resolver
        self.calls: CallService
        self.agents: AppAgentControl
        self.contacts: Contacts
        self.callbacks: Callbacks
        self.sms: SmsService
        self.outbox: Outbox
        self.webhooks: Webhooks
        self.screen_pops: ScreenPops
        self.live: Hub
        self.queues: QueueService
        self.flows: Flows
        self.publishing: Publishing
        self.flow_counts: AppFlowCountControl
        self.presence: PresenceService
        self.voicemail: Voicemail
        self.tracking: Tracking
        self.ledger: ledger_control.Ledger
        self.selftests: SelfTests
        self.widget: WidgetService
        self.metrics: Metrics
        self.http: HttpServer | None = None
        self.https: HttpServer | None = None

    async def start(self) -> None:
        """Everything up to the listening sockets; calls come in before this returns."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stop(self) -> None:
        """Stops in reverse order; idempotent."""
        await self._stack.aclose()

    def at_stop(self, close: Callable[[], object]) -> None:
        """`close` is called when the PBX stops, before whatever was started earlier is stopped."""
        self._stack.callback(close)

    def closing(self, close: Callable[[], Awaitable[None]]) -> None:
        """Of what was made late: `close` is called before everything that was there before it is stopped."""
        self._stack.push_async_callback(close)

    async def drain(self, timeout_s: float) -> int:
        """Refuses new calls with 503 and waits for running ones; returns how many had to be ended after `timeout_s`."""
        self.driver.drain()
        self.callbacks.pause()
        self.queues.drain()
        self.widget.followed.close()
        return await self.calls.drain(timeout_s)

    # -- building -------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        check_core()
        make_folder(self.data_dir)
        shortage = raise_descriptor_limit(self.config)
        if shortage:
            log.warning("%s", shortage)
        self.store = Store(self.config, self.bus, self.clock)
        await self.store.start()
        self._stack.push_async_callback(self.store.stop)
        self.settings = await start_settings(self)
        self.accounts = await account_control.start(self, self._stack)
        await self._start_media(loop)
        self._build_calls()
        self._count_events()
        await self._start_features()
        await team_control.start(self)
        self.live = live_stream.start(self, self._stack)
        servers = build_servers(self)
        # From here on the loop is never held for long: a call that comes in at once finds it awake.
        collector = GcPolicy(is_quiet=lambda: not self.calls.calls)
        collector.start(loop)
        self._stack.callback(collector.stop)
        if self.config.sip.realtime:
            go_first((threading.get_native_id(), self.store.thread_id))
        await self._start_signalling()
        self.callbacks.start()
        self._stack.callback(self.callbacks.pause)
        self.selftests.start(self._stack)
        report_schedule_control.start(self, self._stack)
        for server in servers:
            await server.start()
            self._stack.push_async_callback(server.stop)
        self._stack.callback(self.live.close)  # streams that never end by themselves
        self._tell_websockets()
        await account_control.announce(self)

    async def _start_media(self, loop: asyncio.AbstractEventLoop) -> None:
        settings = self.config.media
        core = Engine(
            workers=settings.workers,
            port_min=settings.port_min,
            port_max=settings.port_max,
            max_streams=_streams(self.config),
            realtime=settings.realtime,
            opus_complexity=settings.opus_complexity,
            opus_bitrate=settings.opus_bitrate,
            opus_expected_loss=settings.opus_expected_loss,
            opus_rate=settings.opus_rate,
            silence_dbm0=settings.silence_dbm0,
        )
        self.media = MediaEngine(core, settings, bus=self.bus, recordings_dir=self.data_dir / "recordings")
        self.media.start(loop)
        self._stack.callback(self.media.stop)
        self.prompts = await prompt_control.start_prompts(self)
        self._stack.push_async_callback(self.prompts.stop)

    def _build_calls(self) -> None:
        self.driver = Driver(self.config.sip, tls=self.config.tls)
        self.resolver = Resolver(self.config.dns, families=self.driver.families)
        agent = self.driver.user_agent
        agent.failover_s, agent.on_target = self.config.dns.failover_s, self.resolver.on_target
        self.certificates = CertificateKeeper(
            self.driver.certificates, self.bus, self.clock, self.config.tls.expiry_alarm_days
        )
        self.driver.loop_lag.observe = self.loop_lag.observe
        self.calls = assemble(
            self.config,
            bus=self.bus,
            clock=self.clock,
            agent=self.driver.user_agent,
            media=self.media,
            prompts=self.prompts,
            location_store=self.store.locations,
            settings_store=self.store.phone_settings,
            keeper=self.store.kept,
            secret=nonce_key(self.data_dir / "nonce.key"),
        )
        self.driver.user_agent.handler = self.calls
        self.driver.user_agent.recheck = self.calls.recheck
        self.calls.services.hasten = self.driver.flush
        self.driver.admission.urgent = self.calls.is_emergency
        self.calls.services.bans.guard(self.driver.gate)
        self.driver.user_agent.screen = self.calls.screen
        registrar = self.calls.services.registrar
        self.driver.on_flow_lost, self.driver.on_unreachable = registrar.flow_lost, registrar.unreachable
        self.driver.admission.active_calls = lambda: len(self.calls.calls)

    def _count_events(self) -> None:
        """The metrics, before the first event: restored registrations count as well."""
        self.metrics = Metrics(
            self.bus,
            metric_sources(self),
            thresholds=thresholds(self.config),
            trunks=[trunk.name for trunk in self.config.trunk],
            version=pbx.__version__,
        )
        count_settings(self)
        follow_changes(self)

    async def _start_features(self) -> None:
        services = self.calls.services
        self.outbox = outbox_control.start(self, self._stack)
        self.contacts = Contacts(services, self.store.contacts, self.store.contacts.prune)
        self.metrics.add(prompt_control.collector(self))
        self.api_metrics = account_control.metrics(self)
        self.metrics.add(self.api_metrics)
        self.metrics.add(ContactMetrics(self.bus, partial(contacts_now, self)))
        self.queues = QueueService(services)
        self.queues.dispatcher.observe = self.decisions.observe
        self.agents = AppAgentControl(self.queues)
        self.metrics.add(follow_agents(self, AgentMetrics(self.bus, self.agents.now)))
        self.flows, self.publishing = start_flows(self)
        self._stack.push_async_callback(self.flows.stop)
        self.flow_counts = AppFlowCountControl(self)
        services.applications.register("queue", self.queues.application)
        services.applications.register("feature", feature_application(self.queues), keep=False)
        check_music(self.config, self.prompts.music_names)
        self.features = Features(services)
        self.presence = PresenceService(self.calls, self.driver.user_agent, self.store.kept)
        self.presence.start()
        self.metrics.add(PresenceCollector(AppPresenceControl(self.calls, self.presence).now))
        self.queues.start(await self.store.load_agents())
        self._stack.callback(self.queues.stop)
        services.phones.restore()
        services.registrar.restore()
        self.sms = await start_sms(self)  # before contacts are: it hears of those that an earlier process missed
        self._stack.push_async_callback(self.sms.stop)
        await self.contacts.start(await self.store.ended_last(REPLAYED_ROWS))
        self._stack.push_async_callback(self.contacts.stop)
        self.webhooks = webhook_control.start(self, self._stack)
        self.equipment = start_equipment(self, self._stack)
        self.voicemail = await voicemail_control.start(self, self._stack)
        self.tracking = await tracking_control.start(self, self._stack)
        self.ledger = await ledger_control.start(self, self._stack)
        self.selftests = selftest_control.build(self)
        self.callbacks = Callbacks(services, self.store.kept)
        self.metrics.add(CallbackMetrics(self.bus, self.callbacks.figures))
        self._stack.push_async_callback(self.callbacks.stop)
        self.widget = await widget_control.start(self, self._stack)
        self.screen_pops = screen_pop_control.start(self, self._stack)
        self._stack.callback(services.registrar.close)
        language = self.config.server.language
        texts = [*self.flows.texts(language), *self.queues.texts(), *self.features.texts()]
        texts += [*code_texts(language, self.config.break_reason), *self.callbacks.texts()]
        texts += [*self.calls.services.inbound.texts(), *self.voicemail.texts()]
        self.prompts_left = len(texts)
        self._preload = asyncio.get_running_loop().create_task(self._load_prompts(texts))
        self._stack.push_async_callback(_cancel, self._preload)
        RegionNames(self).start(self._stack)

    async def _load_prompts(self, texts: list[tuple[str, ...]]) -> None:
        def done(count: int, wanted: int) -> None:
            self.prompts_left = wanted - count

        for problem in await self.prompts.preload(texts, done):
            log.error("a prompt cannot be spoken: %s", problem)
        self.prompts_left = 0

    async def _start_signalling(self) -> None:
        if self.config.tls.certificate:
            self.certificates.reload()
            self.certificates.start()
            self._stack.callback(self.certificates.stop)
        await self.driver.start()
        self._stack.push_async_callback(self.driver.stop)
        self._stack.callback(self.presence.stop)
        self._stack.push_async_callback(self._end_calls)
        for address in self.driver.listening:
            self.calls.services.addresses.listen(address.host, address.port)
            log.info("listening on %s", address)
        self._find_trunks()
        carriers = self.calls.services.carriers
        self.driver.more_peers, self.driver.on_way_lost = carriers.places, carriers.connection_lost
        carriers.start()
        self._stack.push_async_callback(self.calls.services.carriers.stop)

    def _find_trunks(self) -> None:
        """Trunks that are given by name are looked up, and kept in step with DNS, now and when they change."""
        carriers, followers = self.calls.services.carriers, self.calls.services.followers
        self._watch_trunks()
        followers.add(lambda _change: self._watch_trunks(), "trunk")
        followers.add(carriers.follow, "trunk")
        self._stack.push_async_callback(self.resolver.close)

    def _watch_trunks(self) -> None:
        targets = []
        for trunk in self.calls.services.trunks:
            for hop in dict.fromkeys((trunk.hop, trunk.registrar)):
                if hop.is_named:
                    target = parse_target(hop.text, verify=trunk.config.tls_verify)
                    hop.find = partial(self.resolver.known, target)
                    targets.append(target)
        self.resolver.watch(targets)

    async def _end_calls(self) -> None:
        """Whatever still runs when the PBX stops is ended properly, so that its record says so."""
        await self.calls.drain(0.0)

    def _tell_websockets(self) -> None:
        """Signalling names these addresses to browsers."""
        if not self.config.http.websocket:
            return
        for transport, server in (("ws", self.http), ("wss", self.https)):
            if server is not None:
                self.driver.local.add(ListenAddress(transport, *server.address))


def _streams(config: Config) -> int:
    """Room for every stream that the RTP range could hold."""
    return max(16, (config.media.port_max - config.media.port_min + 1) // 2)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _handler_failed(event: object, error: BaseException) -> None:
    log.error("a handler of %s failed", type(event).__name__, exc_info=error)
