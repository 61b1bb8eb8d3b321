"""Of a configuration what sums and comparisons need; can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.ledger.amounts import Rates

if TYPE_CHECKING:
    from pbx.config import Config


@dataclass(frozen=True, slots=True)
class Terms:
    """`sla`: (age in seconds, share of customers who cancel after it) by age."""

    currency: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)
    country: str = ""
    sla: tuple[tuple[float, float], ...] = ()
    test_numbers: tuple[str, ...] = ()
    short_s: float = 5.0
    sale_window_us: int = 30 * 86_400_000_000
    match_window_us: int = 120_000_000
    unique_us: int = 30 * 86_400_000_000  # who did not call for so long is a new caller

    @classmethod
    def of(cls, config: Config) -> Terms:
        settings = config.ledger
        shares = [*settings.cancel_share, *([0.0] * len(config.contacts.sla_s))]
        return cls(
            settings.currency,
            dict(settings.rates),
            config.numbering.country,
            tuple(sorted(zip(config.contacts.sla_s, shares, strict=False))),
            tuple(config.contacts.test_numbers),
            settings.short_s,
            round(settings.sale_window_days * 86_400e6),
            round(settings.match_window_s * 1e6),
            config.tracking.unique_days * 86_400_000_000,
        )

    def turn(self) -> Rates:
        return Rates(self.currency, dict(self.rates))
