"""Figures that are not counted but read when Prometheus asks: media workers, signalling, agents, queues, store, event
loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.metrics.cells import HistogramCell

log = logging.getLogger("centrala.metrics")


class WorkerCounters(Protocol):
    """One media worker: core.engine.engine.WorkerStats."""

    streams: int
    ticks: int
    late_ticks: int
    rx_packets: int
    tx_packets: int
    send_errors: int
    lost_packets: int
    expected_packets: int
    foreign_packets: int
    malformed_packets: int
    dropped_events: int
    forged_packets: int
    replayed_packets: int
    dropped_datagrams: int
    moved_streams: int
    rooms: int
    room_members: int
    room_encodes: int
    cpu_ns: int


class StoreCounters(Protocol):
    """pbx.store.writer.WriterStats."""

    events: int
    commits: int
    failures: int
    dropped_rows: int
    refused_rows: int
    commit_s: float
    failing: bool
    settled: int
    settle_s: float


@dataclass(frozen=True, slots=True)
class QueueNow:
    """A queue at this moment."""

    name: str
    waiting: int
    longest_wait_s: float


class TrunkNow(Protocol):
    """A trunk at this moment: pbx.call.trunks.carriers.TrunkNow."""

    @property
    def name(self) -> str: ...
    @property
    def health(self) -> str: ...
    @property
    def registration(self) -> str: ...
    @property
    def registered(self) -> bool: ...
    @property
    def calls(self) -> int: ...
    @property
    def max_calls(self) -> int: ...
    @property
    def spent_today(self) -> float: ...
    @property
    def spent_month(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Security:
    """Who is kept out at this moment."""

    bans_active: int
    bans: Mapping[str, int]  # reason -> since the start
    dropped: int  # messages and connections of banned sources
    callers_refused: int  # by the lists


def _none() -> tuple[()]:
    return ()


def _empty() -> Mapping[str, Any]:
    return {}


@dataclass(slots=True)
class Sources:
    """What to ask at a scrape; each is called on the event loop's thread or while nothing changes it."""

    media: Callable[[], Iterable[WorkerCounters]] = _none
    sip: Callable[[], Mapping[str, int]] = _empty  # counters by name: received, sent, ...; see SIP_COUNTERS
    transports: Callable[[], Mapping[str, Mapping[str, float]]] = _empty  # transport -> see TRANSPORT_COUNTERS
    dns: Callable[[], Mapping[str, int]] = _empty  # counters by name; see DNS_COUNTERS
    certificate_expires_at: Callable[[], float] | None = None  # UTC seconds, 0.0 without a certificate
    shed: Callable[[], Mapping[str, int]] = _empty  # reason -> calls refused for it
    agents: Callable[[], Mapping[str, int]] = _empty  # state -> agents in it
    queues: Callable[[], Iterable[QueueNow]] = _none
    store: Callable[[], StoreCounters] | None = None
    store_backlog: Callable[[], int] | None = None
    loop_lag: HistogramCell | None = None  # fed by pbx.transport.loop_lag
    decisions: HistogramCell | None = None  # fed by pbx.queue.strategy
    handler_errors: Callable[[], int] | None = None  # EventBus.errors
    parked: Callable[[], int] = int  # calls in park lots
    participants: Callable[[], int] = int  # of conference rooms
    trunks: Callable[[], Iterable[TrunkNow]] = _none
    security: Callable[[], Security] | None = None
    handshakes_failed: Callable[[], int] = int  # DTLS-SRTP


AGENT_STATES = (
    *("offline", "available", "reserved", "ringing", "talking", "hold", "wrapup"),
    *("break", "not_responding", "unreachable", "busy", "outbound", "callback_preview"),
)


MEDIA_COUNTERS = (
    ("rx_packets", "centrala_media_packets_received", "RTP packets received."),
    ("tx_packets", "centrala_media_packets_sent", "RTP packets sent."),
    ("lost_packets", "centrala_media_packets_lost", "RTP packets that never came (RFC 3550 section 6.4.1)."),
    ("expected_packets", "centrala_media_packets_expected", "RTP packets that should have come."),
    ("foreign_packets", "centrala_media_packets_foreign", "RTP packets from a source that is not latched, dropped."),
    ("malformed_packets", "centrala_media_packets_malformed", "Packets on RTP ports that are no RTP, dropped."),
    ("forged_packets", "centrala_media_packets_forged", "SRTP packets that failed their authentication, dropped."),
    ("replayed_packets", "centrala_media_packets_replayed", "SRTP packets that were seen before, dropped."),
    ("dropped_datagrams", "centrala_media_handshake_packets_dropped", "STUN and DTLS for which there was no room."),
    ("send_errors", "centrala_media_send_errors", "RTP packets that could not be sent."),
    ("ticks", "centrala_media_ticks", "Ticks of the media workers."),
    ("late_ticks", "centrala_media_late_ticks", "Ticks that began more than 10 ms late."),
    ("dropped_events", "centrala_media_events_dropped", "Events of media workers for which there was no room."),
    ("room_encodes", "centrala_media_packets_encoded", "RTP packets encoded for mixed streams; one may go to many."),
    ("moved_streams", "centrala_media_streams_moved", "RTP streams that went to another worker in mid-call."),
)
MEDIA_GAUGES = (
    ("streams", "centrala_media_streams", "RTP streams that are open."),
    ("rooms", "centrala_media_rooms", "Conferences that are open."),
    ("room_members", "centrala_media_streams_mixed", "RTP streams that are decoded, mixed and encoded, not relayed."),
)

SIP_COUNTERS = (
    ("received", "centrala_sip_messages_received", "SIP messages received."),
    ("sent", "centrala_sip_messages_sent", "SIP messages sent, retransmissions included."),
    ("parse_errors", "centrala_sip_parse_errors", "Messages that are no SIP."),
    ("retransmits_received", "centrala_sip_retransmissions_received", "Requests and responses that came again."),
    ("retransmits_sent", "centrala_sip_retransmissions_sent", "Messages that had to be sent again."),
    ("send_errors", "centrala_sip_send_errors", "Messages that could not be sent."),
    ("wrong_passwords", "centrala_sip_wrong_passwords", "Credentials that were judged and wrong."),
    ("guesses_refused", "centrala_sip_guesses_refused", "Credentials not judged: too many wrong ones from there."),
    ("sessions_expired", "centrala_sip_sessions_expired", "Calls that ended because no refresh came (RFC 4028)."),
    ("foreign_requests", "centrala_sip_foreign_requests", "Requests inside a call that did not come from its peer."),
)
TRANSPORT_COUNTERS = (
    ("received", "centrala_sip_transport_messages_received", "SIP messages received."),
    ("sent", "centrala_sip_transport_messages_sent", "SIP messages sent."),
    ("received_bytes", "centrala_sip_transport_bytes_received", "Bytes of them."),
    ("sent_bytes", "centrala_sip_transport_bytes_sent", "Bytes of them."),
    ("parse_errors", "centrala_sip_transport_parse_errors", "Messages that were refused as malformed."),
    ("send_errors", "centrala_sip_transport_send_errors", "Messages that could not be sent."),
    ("keepalives", "centrala_sip_transport_keepalives", "Keep-alives received (CRLF, STUN)."),
    ("connections_opened", "centrala_sip_transport_connections_opened", "Connections opened, by either side."),
    ("connections_refused", "centrala_sip_transport_connections_refused", "Connections over the limits."),
    ("handshake_failures", "centrala_sip_transport_handshake_failures", "TLS and WebSocket handshakes that failed."),
    ("closed_idle", "centrala_sip_transport_closed_idle", "Connections closed because nothing came."),
    (
        "closed_slow",
        "centrala_sip_transport_closed_slow",
        "Connections closed: unfinished message, ours unread.",
    ),
    ("unexpected_errors", "centrala_sip_transport_unexpected_errors", "Messages whose handling failed; see the log."),
)
DNS_COUNTERS = (
    ("queries", "centrala_dns_queries", "Questions asked of DNS servers."),
    ("failures", "centrala_dns_failures", "Questions that nobody answered."),
    ("hits", "centrala_dns_cache_hits", "Records that were known already."),
    ("stale", "centrala_dns_stale_answers", "Ended records used, for want of newer ones."),
    ("failovers", "centrala_sip_failovers", "Times a server of several failed, and the next was tried."),
)
SIP_GAUGES = (
    ("transactions", "centrala_sip_transactions", "Transactions in memory."),
    ("dialogs", "centrala_sip_dialogs", "Dialogs in memory."),
    ("connections", "centrala_sip_connections", "Stream connections that are open."),
)


class LiveCollector(Collector):
    """Yields the families of all sources. One source that fails is logged, counted, and does not hide the others."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._errors = 0

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the sources, they may not have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families, read now."""
        for part in (
            self._media,
            self._sip,
            self._dns,
            self._transports,
            self._agents,
            self._queues,
            self._store,
            self._loop,
            self._trunks,
            self._security,
        ):
            try:
                yield from list(part())
            except Exception:
                self._errors += 1
                log.exception("metrics of %s could not be read", part.__name__.strip("_"))
        failed = CounterMetricFamily("centrala_metrics_errors", "Times a source of metrics failed.", self._errors)
        yield failed

    def _media(self) -> Iterator[Metric]:
        workers = list(self._sources.media())
        for attribute, name, text in MEDIA_COUNTERS:
            yield CounterMetricFamily(name, text, sum(getattr(worker, attribute) for worker in workers))
        failed = self._sources.handshakes_failed()
        yield CounterMetricFamily("centrala_media_handshakes_failed", "Legs that DTLS-SRTP gave no keys.", failed)
        for attribute, name, text in MEDIA_GAUGES:
            yield GaugeMetricFamily(name, text, sum(getattr(worker, attribute) for worker in workers))
        cpu = CounterMetricFamily(
            "centrala_media_worker_cpu_seconds", "Processor time of a media worker.", labels=["worker"]
        )
        for number, worker in enumerate(workers):
            cpu.add_metric([str(number)], worker.cpu_ns / 1e9)
        yield cpu

    def _sip(self) -> Iterator[Metric]:
        values = self._sources.sip()
        for key, name, text in SIP_COUNTERS:
            if key in values:
                yield CounterMetricFamily(name, text, values[key])
        for key, name, text in SIP_GAUGES:
            if key in values:
                yield GaugeMetricFamily(name, text, values[key])
        shed = CounterMetricFamily("centrala_sip_requests_shed", "Calls refused with 503.", labels=["reason"])
        for reason, count in self._sources.shed().items():
            shed.add_metric([reason], count)
        yield shed

    def _transports(self) -> Iterator[Metric]:
        found = self._sources.transports()
        for key, name, text in TRANSPORT_COUNTERS:
            family = CounterMetricFamily(name, text, labels=["transport"])
            for transport, values in found.items():
                family.add_metric([transport], values[key])
            yield family
        gauge = GaugeMetricFamily("centrala_sip_transport_connections", "Connections open.", labels=["transport"])
        for transport, values in found.items():
            gauge.add_metric([transport], values["connections"])
        yield gauge
        expires_at = self._sources.certificate_expires_at
        if expires_at is not None and expires_at():
            text = "When the TLS certificate ends, in seconds since 1970."
            yield GaugeMetricFamily("centrala_tls_certificate_expires_timestamp_seconds", text, expires_at())

    def _dns(self) -> Iterator[Metric]:
        values = self._sources.dns()
        for key, name, text in DNS_COUNTERS:
            if key in values:
                yield CounterMetricFamily(name, text, values[key])
        if "quarantined" in values:
            text = "Servers that are tried last, because they failed."
            yield GaugeMetricFamily("centrala_sip_servers_quarantined", text, values["quarantined"])

    def _agents(self) -> Iterator[Metric]:
        states = self._sources.agents()
        family = GaugeMetricFamily("centrala_agents", "Agents by state.", labels=["state"])
        for state in dict.fromkeys((*AGENT_STATES, *states)):  # zero is a figure as well
            family.add_metric([state], states.get(state, 0))
        yield family

    def _queues(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("centrala_queue_waiting", "Callers who wait now.", labels=["queue"])
        longest = GaugeMetricFamily(
            "centrala_queue_longest_wait_seconds", "How long the longest of them has waited.", labels=["queue"]
        )
        for queue in self._sources.queues():
            waiting.add_metric([queue.name], queue.waiting)
            longest.add_metric([queue.name], queue.longest_wait_s)
        yield waiting
        yield longest

    def _store(self) -> Iterator[Metric]:
        if self._sources.store is not None:
            stats = self._sources.store()
            yield CounterMetricFamily("centrala_store_events", "Call events taken for the journey.", stats.events)
            yield CounterMetricFamily("centrala_store_commits", "Transactions committed.", stats.commits)
            yield CounterMetricFamily("centrala_store_commit_seconds", "Time spent on committing.", stats.commit_s)
            yield CounterMetricFamily(
                "centrala_store_quarters", "Quarters of an hour whose sums were made.", stats.settled
            )
            yield CounterMetricFamily("centrala_store_quarter_seconds", "Time spent on those sums.", stats.settle_s)
            yield CounterMetricFamily("centrala_store_failures", "Transactions that failed, retried.", stats.failures)
            lost = CounterMetricFamily("centrala_store_rows_lost", "Records that were lost.", labels=["reason"])
            lost.add_metric(["memory"], stats.dropped_rows)
            lost.add_metric(["refused"], stats.refused_rows)
            yield lost
            yield GaugeMetricFamily("centrala_store_writable", "0 while the database takes nothing.", not stats.failing)
        if self._sources.store_backlog is not None:
            backlog = self._sources.store_backlog()
            yield GaugeMetricFamily("centrala_store_backlog_rows", "Records not yet committed.", backlog)

    def _loop(self) -> Iterator[Metric]:
        lag = self._sources.loop_lag
        if lag is not None:
            family = HistogramMetricFamily("centrala_event_loop_lag_seconds", "How late a ready event is served.")
            family.add_metric([], lag.cumulated(), lag.total)
            yield family
        decisions = self._sources.decisions
        if decisions is not None:
            family = HistogramMetricFamily(
                "centrala_queue_decision_seconds",
                "From an agent who becomes free, or a caller who comes, to the INVITE to the agent.",
            )
            family.add_metric([], decisions.cumulated(), decisions.total)
            yield family
        if self._sources.handler_errors is not None:
            errors = self._sources.handler_errors()
            yield CounterMetricFamily("centrala_event_handler_errors", "Event handlers that failed.", errors)

    def _trunks(self) -> Iterator[Metric]:
        trunks = list(self._sources.trunks())
        up = GaugeMetricFamily("centrala_trunk_up", "0 while a trunk does not answer.", labels=["trunk"])
        registered = GaugeMetricFamily(
            "centrala_trunk_registered", "1 while we are registered at a carrier.", labels=["trunk"]
        )
        calls = GaugeMetricFamily("centrala_trunk_calls_active", "Calls on a trunk, both ways.", labels=["trunk"])
        room = GaugeMetricFamily("centrala_trunk_calls_limit", "Calls that a trunk may carry.", labels=["trunk"])
        spent = GaugeMetricFamily(
            "centrala_trunk_spent", "Money spent on a trunk, in its own currency.", labels=["trunk", "period"]
        )
        for trunk in trunks:
            up.add_metric([trunk.name], trunk.health != "down")
            if trunk.registration:
                registered.add_metric([trunk.name], trunk.registered)
            calls.add_metric([trunk.name], trunk.calls)
            room.add_metric([trunk.name], trunk.max_calls)
            spent.add_metric([trunk.name, "day"], trunk.spent_today)
            spent.add_metric([trunk.name, "month"], trunk.spent_month)
        yield from (up, registered, calls, room, spent)

    def _security(self) -> Iterator[Metric]:
        if self._sources.security is None:
            return
        now = self._sources.security()
        yield GaugeMetricFamily("centrala_bans_active", "Sources that are not heard.", now.bans_active)
        bans = CounterMetricFamily("centrala_bans", "Bans since the start.", labels=["reason"])
        for reason, count in now.bans.items():
            bans.add_metric([reason], count)
        yield bans
        yield CounterMetricFamily("centrala_bans_dropped", "Messages and connections of banned sources.", now.dropped)
        yield CounterMetricFamily("centrala_callers_refused", "Calls kept out by the lists.", now.callers_refused)
