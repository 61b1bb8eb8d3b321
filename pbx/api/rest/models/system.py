"""The process, its alarms, self-tests, reports."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pbx.api.rest.models.base import EXAMPLE_CALL, Instant, MaybeInstant, Shown


class Alarm(Shown):
    """Something an operator must know; the text names the remedy."""

    name: str = Field(examples=["trunk_down"])
    text: str
    since: Instant


class TestStep(Shown):
    expected: str
    heard: bool
    score: float
    at_s: float
    pressed: str
    reaction_ms: float | None


class TestResult(Shown):
    """What a test call found."""

    id: str = Field(examples=[EXAMPLE_CALL])
    name: str
    trunk: str
    number: str
    started: Instant
    ended: MaybeInstant = None
    passed: bool
    reason: str
    pdd_s: float | None
    answer_s: float | None
    mos: float | None = Field(description="MOS-CQE (G.107); null: too short to judge")
    rx_packets: int
    tx_packets: int
    lost_packets: int
    score: float | None
    steps: list[TestStep]


class SelfTest(Shown):
    name: str
    number: str
    trunk: str
    next_run: MaybeInstant = None
    latest: TestResult | None = None


class Begun(Shown):
    name: str
    begun: Instant


class ReportParameter(Shown):
    name: str
    kind: str
    choices: list[str] = []
    default: str = ""


class ReportKind(Shown):
    name: str = Field(examples=["queues"])
    title: str
    parameters: list[ReportParameter] = []
    per: list[str] = []  # the intervals that it can be told per


class SheetColumn(Shown):
    name: str
    title: str
    unit: str
    formula: str = ""  # /figures/calls opens it
    measure: str = (
        ""  # how it follows from the rows: count, share, mean, sum, max, p50, p90, median, ratio, each, curve
    )


class FigureKind(Shown):
    """A figure that can be opened."""

    id: str
    what: str
    keys: list[str] = []


class FigureRow(Shown):
    """A call, contact or message behind a figure; `note`: the reason of a difference, what a page showed."""

    at: str
    id: str
    counted: bool
    value: float | None
    note: str = ""


class FigureCalls(Shown):
    """`whole` and `part` count all rows, not only those of this page."""

    what: str
    whole: int
    part: int
    rows: list[FigureRow]
    next: str = ""


class ReportSheet(Shown):
    """One table of a report."""

    title: str
    columns: list[SheetColumn] = []
    rows: list[dict[str, Any]]
    notes: str = ""


class Report(Shown):
    name: str
    sheets: list[ReportSheet]
