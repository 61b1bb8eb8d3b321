"""Calls and sales as files for advert systems: offline conversions of Google Ads, calls of Yandex Metrica.

https://support.google.com/google-ads/answer/7014069 (conversions from clicks, by file),
https://yandex.com/dev/metrika/en/management/calls (passing call data); read in November 2026.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

GOOGLE = ("Google Click ID", "Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency")
METRICA = (
    *("ClientId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration"),
    *("HoldDuration", "CallMissed", "FirstTimeCaller", "URL"),
)
STATIC = ("static", "number", "app", "pool")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A call with what came of it; `micro` are millionths of `currency`."""

    at_us: int
    click_id: str
    click_kind: str  # "gclid", "yclid"...
    ym_client: str
    number: str
    method: str
    answered: bool
    first: bool
    talk_s: float
    hold_s: float
    micro: int
    currency: str
    landing: str


def google_ads(conversions: Iterable[Conversion], name: str) -> str:
    """Those of a click on an advert of Google; times are UTC, with their offset."""
    rows = [
        (one.click_id, name, f"{_at(one):%Y-%m-%d %H:%M:%S}+0000", _sum(one.micro), one.currency if one.micro else "")
        for one in conversions
        if one.click_kind == "gclid" and one.click_id
    ]
    return _csv(GOOGLE, rows)


def metrica(conversions: Iterable[Conversion]) -> str:
    """Those whose visitor or click Metrica knows."""
    rows = [
        (
            *(one.ym_client, one.click_id if one.click_kind == "yclid" else "", one.at_us // 1_000_000),
            *(int(one.method in STATIC), _sum(one.micro), one.currency if one.micro else "", one.number),
            *(round(one.talk_s), round(one.hold_s), int(not one.answered), int(one.first), one.landing),
        )
        for one in conversions
        if one.ym_client or (one.click_kind == "yclid" and one.click_id)
    ]
    return _csv(METRICA, rows)


def _at(one: Conversion) -> datetime:
    return datetime.fromtimestamp(one.at_us / 1e6, UTC)


def _sum(micro: int) -> str:
    return f"{micro / 1e6:.2f}" if micro else ""


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
