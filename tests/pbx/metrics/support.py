"""A full set of live sources, as the composition root would give them."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.call.trunks.carriers import TrunkNow
from pbx.callback.service import CallbackFigures
from pbx.events import Alarm, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.metrics.agents import AgentMetrics, AgentsNow
from pbx.metrics.buckets import DECISION, LOOP_LAG
from pbx.metrics.callbacks import CallbackMetrics
from pbx.metrics.cells import HistogramCell
from pbx.metrics.contacts import ContactMetrics, ContactsNow
from pbx.metrics.ledger import LedgerMetrics, LedgerNow
from pbx.metrics.live import DNS_COUNTERS, TRANSPORT_COUNTERS, QueueNow, Security, Sources
from pbx.metrics.metrics import Metrics
from pbx.metrics.screen_pops import ScreenPopMetrics
from pbx.store.writer_stats import WriterStats
from tests.support.journeys import T0, abandoned, answered, left, seizure


@dataclass
class Worker:
    streams: int = 4
    ticks: int = 1000
    late_ticks: int = 2
    rx_packets: int = 500
    tx_packets: int = 499
    send_errors: int = 1
    lost_packets: int = 5
    expected_packets: int = 505
    foreign_packets: int = 3
    forged_packets: int = 4
    replayed_packets: int = 5
    dropped_datagrams: int = 6
    malformed_packets: int = 1
    dropped_events: int = 0
    moved_streams: int = 2
    rooms: int = 1
    room_members: int = 5
    room_encodes: int = 6
    cpu_ns: int = 1_500_000_000


SIP = {
    "received": 100,
    "sent": 110,
    "parse_errors": 1,
    "retransmits_received": 2,
    "retransmits_sent": 3,
    "send_errors": 0,
    "wrong_passwords": 5,
    "guesses_refused": 8,
    "sessions_expired": 4,
    "foreign_requests": 9,
    "transactions": 7,
    "dialogs": 6,
    "connections": 1,
}


CONTACTS = ContactsNow({("sales", "abandoned"): 2, ("", "missed"): 1}, {"sales": 1}, 600.0, 1, 1, 2, 3)
CALLBACKS = CallbackFigures(
    waiting={"sales": {"scheduled": 1, "due": 2, "under_way": 1}},
    refused={"premium": 3},
    launched={"sales": 1},
    silent_share={"sales": 0.01},
    caution={"sales": 0.8},
    reach_s={"sales": 9.5},
)
CARRIER = TrunkNow("carrier", "sip.example", "", "down", "registered", True, 60.0, "", 3, 30, 1.5, 40.25, "PLN", 7)


TRANSPORT = {key: 1 for key, _, _ in TRANSPORT_COUNTERS} | {"connections": 2}
DNS = {key: 1 for key, _, _ in DNS_COUNTERS} | {"quarantined": 1}


def sources(bus: EventBus) -> Sources:
    return Sources(
        media=lambda: [Worker(), Worker()],
        sip=lambda: SIP,
        shed=lambda: {"rate": 3, "overload": 1},
        transports=lambda: dict.fromkeys(("udp", "tcp", "tls", "ws", "wss"), TRANSPORT),
        dns=lambda: DNS,
        certificate_expires_at=lambda: T0 + 86_400.0,
        agents=lambda: {"available": 2, "talking": 1},
        queues=lambda: [QueueNow("sales", 3, 42.5)],
        store=lambda: WriterStats(events=13, commits=1, commit_s=0.002),
        store_backlog=lambda: 7,
        loop_lag=HistogramCell(LOOP_LAG),
        decisions=HistogramCell(DECISION),
        handler_errors=lambda: bus.errors,
        trunks=lambda: [CARRIER],
        security=lambda: Security(2, {"guessing": 3, "scanning": 1}, 500, 4),
    )


AGENTS = AgentsNow(running=[("talking", 5.0)], teams={"north": {"talking": 1}}, breaks_over=0, lines_up=1)

LEDGER = LedgerNow({("ga4", "sent"): 3}, 0, 1, 2, T0, ("PLN", 12.5), {("one", "renewed"): 1})


def busy() -> tuple[EventBus, Metrics]:
    """Metrics after one call of each kind."""
    bus = EventBus()
    metrics = Metrics(
        bus, sources(bus), thresholds={"sales": (20.0, 5.0), "night": (30.0, 5.0)}, trunks=["carrier"], version="0.1.0"
    )
    metrics.add(ContactMetrics(bus, lambda: CONTACTS))
    metrics.add(CallbackMetrics(bus, lambda: CALLBACKS))
    metrics.add(LedgerMetrics(lambda: LEDGER))
    metrics.add(ScreenPopMetrics(lambda: {("crm", "ringing"): 1}))
    metrics.add(AgentMetrics(bus, lambda: AGENTS, [("sales", "order")]))
    for number in range(1, 4):
        publish(bus, answered(number, wait_s=10.0 * number))
    publish(bus, abandoned(4, wait_s=4.0), abandoned(5, wait_s=40.0), left(6, reason="full"))
    publish(bus, seizure(7, 200, talk_s=60.0), seizure(8, 486), seizure(9, 503, rang=False), answered(10)[:4])
    bus.publish(RegistrationChanged("101", "sip:101@192.0.2.1", False, 0.0, T0, "connection_lost"))
    bus.publish(Alarm("recording_failed", "no space", False, T0))
    publish(bus, contact(), called_back())
    bus.publish(CallEvent(Kind.QUEUE_OVERFLOWED, "c" * 32, "a", T0, {"queue": "night", "to": "sales", "wait_s": 30.0}))
    assert bus.errors == 0
    return bus, metrics


def called_back() -> list[CallEvent]:
    """One who was reached, and one who held in vain."""
    steps: list[tuple[Kind, dict[str, object]]] = [
        (Kind.CALLBACK_BRIDGED, {"queue": "sales", "speed_s": 17.5, "hold_s": 0.4}),
        (Kind.CALLBACK_ENDED, {"mode": "agent_first", "outcome": "reached"}),
        (Kind.CALLBACK_SILENT, {"queue": "sales", "hold_s": 12.0}),
    ]
    return [CallEvent(kind, "c" * 32, "a", T0, data) for kind, data in steps]


def contact() -> list[CallEvent]:
    """One that was missed, went late, was tried and reached."""
    steps: list[tuple[Kind, dict[str, object]]] = [
        (Kind.CONTACT_OPENED, {"contact_kind": "abandoned"}),
        (Kind.CONTACT_BREACHED, {"deadline": "10800 s"}),
        (Kind.CONTACT_ATTEMPT_ENDED, {"outcome": "reached"}),
        (Kind.CONTACT_CLOSED, {"end": "reached"}),
    ]
    return [CallEvent(kind, "c" * 32, "", T0, data) for kind, data in steps]


def publish(bus: EventBus, *journeys: list) -> None:  # type: ignore[type-arg]
    for journey in journeys:
        for event in journey:
            bus.publish(event)
