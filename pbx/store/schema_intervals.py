"""Sums of a quarter of an hour each, derived from the other tables: what reports of long periods add up.

`bin_us` is where the quarter begins, by UTC: local days of every zone in use are whole numbers of quarters. All figures
are whole numbers that may be added in any order (`_us` microseconds, `_micro` millionths); `_max_us` are the greatest.
pbx.store.intervals fills the tables; which quarters they hold is told by `interval_stale` and `schema.META_INTERVALS`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from pbx.store.metadata import metadata

WAITS_S = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, 120, 180, 240, 300, 600, 1200)
# pbx.queue.agent.AgentState; other states are in "other".
STATES = (
    *("available", "reserved", "ringing", "talking", "hold", "wrapup", "break", "not_responding", "unreachable"),
    *("busy", "outbound", "callback_preview", "offline", "other"),
)


def _bin() -> Column[int]:
    return Column("bin_us", BigInteger, primary_key=True, autoincrement=False)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _big(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


interval_calls = Table(
    "interval_calls",  # calls but test calls, by their start
    metadata,
    _bin(),
    _key("direction"),
    _key("trunk"),  # it came in by
    _key("tag"),  # of the number that was dialled
    *_big("calls", "answered", "interrupted", "billed_us", "talk_us", "setup_us", "setup_max_us"),
    *_big("mos_count", "mos_micro"),
)

interval_queues = Table(
    "interval_queues",  # stays in queues, by their beginning
    metadata,
    _bin(),
    _key("queue"),
    _key("outcome"),
    Column("callback", Boolean(create_constraint=False), primary_key=True),
    *_big("visits", "wait_us", "wait_max_us", "talk_us", "hold_us", "wrapup_us", "offers", "offers_missed"),
    *(Column(f"within_{seconds}_s", Integer, nullable=False) for seconds in WAITS_S),  # waited so long or less
    *_big("left_out"),  # answered ones whose handling is in none of the sums (pbx.store.outliers)
)

interval_agents = Table(
    "interval_agents",  # answered stays in queues, by their beginning
    metadata,
    _bin(),
    _key("agent"),
    _key("queue"),
    Column("callback", Boolean(create_constraint=False), primary_key=True),
    *_big("calls", "talk_us", "hold_us", "wait_us", "wrapup_us"),
    # Without outliers (pbx.store.outliers): of endless talks how many, and their talk and hold; what is averaged of a
    # queue's calls, and how many are not.
    *_big("left_out", "left_out_us", "averaged_talk_us", "averaged_hold_us", "averaged_wrapup_us", "not_averaged"),
)

interval_offers = Table(
    "interval_offers",  # by their beginning
    metadata,
    _bin(),
    _key("agent"),
    _key("outcome"),
    *_big("offers", "alert_us"),
)

interval_states = Table(
    "interval_states",  # how long an agent was in each state within the quarter
    metadata,
    _bin(),
    _key("agent"),
    *_big(*(f"{state}_us" for state in STATES)),
)

interval_trunks = Table(
    "interval_trunks",  # seizures, by their beginning
    metadata,
    _bin(),
    _key("trunk"),
    _key("outcome"),
    *_big("legs", "billed_us", "pdd_count", "pdd_us", "pdd_max_us", "cost_micro", "mos_count", "mos_micro"),
)

interval_blocks = Table(
    "interval_blocks",  # steps of callers through flows
    metadata,
    _bin(),
    _key("flow"),
    _key("block"),
    _key("exit"),
    *_big("steps"),
)

# Quarters whose sums are not those of the other tables any more: reports compute them anew.
interval_stale = Table("interval_stale", metadata, _bin())
