"""What the agency spends on a day, what it sells, and what its other systems were told of its calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

from pbx.demodata.agency import Source
from pbx.demodata.office import Call
from pbx.ledger.mark import Mark, State, Why
from pbx.ledger.sales import Sale
from pbx.store.bulk import Row
from pbx.store.encode import micros

CURRENCY = "PLN"
CRM, GA = "crm:demo", "ga4:G-DEMO000001"
SOLD = 0.055  # of the calls that were answered end in an order
BATCH = "demo"
DAILY = {"brand": 620.0, "products": 1350.0, "spring": 480.0, "app": 210.0, "sms": 130.0}  # PLN, by campaign or source
MICRO = 1_000_000


def costs(day: date, sources: Sequence[Source], random: np.random.Generator) -> list[Row]:
    """A row for each advert: as pbx.store.ledger keeps what was imported."""
    made: list[Row] = []
    for source in sources:
        daily = DAILY.get(source.campaign) or DAILY.get(source.tag)
        if daily is not None:
            amount = daily * float(random.uniform(0.8, 1.2)) * (1.25 if day.month in (11, 12) else 1.0)
            key = (source.tag, source.medium, source.campaign, "", day.isoformat())
            made.append((*key, round(amount * 100) * (MICRO // 100), CURRENCY, BATCH))
    return made


def sales(calls: Sequence[Call], zero: float, random: np.random.Generator) -> list[Sale]:
    """Orders that the shop's system names the call of."""
    chosen = random.random(len(calls)).tolist()
    amounts = random.lognormal(5.6, 0.7, len(calls)).tolist()
    return [
        Sale(
            f"ZAM-{call.id}",
            micros(zero + call.at + call.wait_s + call.talk_s),
            _grosz(amount),
            CURRENCY,
            call.number,
            call.id,
        )
        for call, chance, amount in zip(calls, chosen, amounts, strict=True)
        if call.answered and not call.outbound and chance < SOLD
    ]


def _grosz(amount: float) -> int:
    return round(amount * 100) * (MICRO // 100)


def marks(
    calls: Sequence[Call], origins: dict[str, dict[str, Any]], zero: float, random: np.random.Generator
) -> Iterator[Mark]:
    """The CRM is told of every call; analytics of those whose visitor is known and allows it."""
    drawn = random.random(len(calls)).tolist()
    for call, chance in zip(calls, drawn, strict=True):
        at = zero + call.at + call.wait_s + call.talk_s + 1.0
        dead = chance > 0.996
        state = State.DEAD if dead else State.SENT if chance < 0.99 else State.SKIPPED
        yield Mark(
            call.id, CRM, "call", state, "HTTP 500" if dead else Why.OFF.value if state is State.SKIPPED else "", at
        )
        origin = origins.get(call.id)
        if origin is None:
            continue
        why = "" if origin.get("ga_client") else Why.NO_CONSENT.value
        if not why and origin["probability"] < 0.5:
            why = Why.UNSURE.value
        yield Mark(call.id, GA, "phone_call", State.SKIPPED if why else State.SENT, why, at)
