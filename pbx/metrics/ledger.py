"""Figures of what other systems are told, and of reconciliations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class LedgerNow:
    """`told`: (target, state or reason) since the start. `unexplained`: of the latest run, None before the first."""

    told: Mapping[tuple[str, str], int]
    lost: int
    runs: int
    unexplained: int | None
    last_run: float
    lost_money: tuple[str, float] | None = None  # currency, units: of today; None without advert costs
    renewals: Mapping[tuple[str, str], int] = field(default_factory=dict)  # CRM, result


class LedgerMetrics(Collector):
    """Asks `now` at each scrape."""

    def __init__(self, now: Callable[[], LedgerNow]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        told = CounterMetricFamily(
            "centrala_ledger_told",
            "What GA and CRM systems were told of calls, or why not: queued, sent, dead, or the reason.",
            labels=["target", "state"],
        )
        for (target, state), count in sorted(now.told.items()):
            told.add_metric([target, state], count)
        yield told
        yield CounterMetricFamily("centrala_ledger_lost", "Calls that nobody was told of for want of memory.", now.lost)
        yield CounterMetricFamily("centrala_reconciliations", "Reconciliations that were made.", now.runs)
        if now.renewals:
            renewals = CounterMetricFamily(
                "centrala_crm_renewals",
                "Renewals of the access to CRM systems: renewed, failed (tried again), dead.",
                labels=["crm", "result"],
            )
            for (crm, result), count in sorted(now.renewals.items()):
                renewals.add_metric([crm, result], count)
            yield renewals
        if now.lost_money is not None:
            lost = GaugeMetricFamily(
                "centrala_lost_money_today",
                "Advert cost of today's missed calls whose callers nobody has spoken with.",
                labels=["currency"],
            )
            lost.add_metric([now.lost_money[0]], now.lost_money[1])
            yield lost
        if now.unexplained is not None:
            yield GaugeMetricFamily(
                "centrala_reconciliation_unexplained", "Unexplained differences of the latest.", now.unexplained
            )
            yield GaugeMetricFamily(
                "centrala_reconciliation_timestamp_seconds", "When the latest was made.", now.last_run
            )
