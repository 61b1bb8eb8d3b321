"""The tables of visits and of where calls come from. `call_sources` is derived from the journey, the others are not."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text, text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _added(name: str) -> Column[str]:
    """A text column that came after the first rows."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(create_constraint=False), nullable=False)


SOURCE = ("source", "medium", "campaign", "term", "content", "click_id", "click_kind", "channel")

call_sources = Table(
    "call_sources",
    metadata,
    Column("call_id", String(32), primary_key=True),
    *(_text(name) for name in SOURCE),
    _text("visit"),  # "" where it is not known
    _text("session"),
    _text("visitor"),
    _text("site"),
    _text("number"),  # that was called
    Column("probability", Float, nullable=False),  # that source, medium and campaign are right; 0 to 1
    _text("method"),  # "session", "pool", "static", "app", "number", "widget", "none"
    _flag("is_unique"),  # the caller did not call within the window before
    _count("repeat"),  # his call number within it, from 1; 0: he withheld his number
    _text("landing"),
    _text("page"),
    _text("ga_client"),
    _text("ga_session"),
    _text("device"),
    _text("first_source"),  # of the visitor's first visit
    _text("first_medium"),
    _text("first_campaign"),
    _text("candidates"),  # JSON array, where several visits may have called
    Index("ix_call_sources_visit", "visit"),
    Index("ix_call_sources_visitor", "visitor"),
)

visits = Table(
    "visits",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("site"),
    _text("visitor"),  # "" without consent
    _us("started_us"),
    _us("seen_us"),
    _flag("ended"),
    _text("consent"),  # "tracking,analytics,ads"
    *(_text(name) for name in SOURCE),
    _text("referrer"),
    _text("landing"),
    _text("page"),  # the last one
    _count("pages"),
    _text("device"),
    _text("city"),
    _text("ga_client"),
    _text("ga_session"),
    _text("ym_uid"),
    _text("first_source"),
    _text("first_medium"),
    _text("first_campaign"),
    _us("first_us"),
    _added("region"),
    _added("region_by"),  # "page", "address", "site", "time_zone"
    Index("ix_visits_started_us", "started_us"),
    Index("ix_visits_visitor", "visitor"),
)

visit_pages = Table(
    "visit_pages",
    metadata,
    Column("visit", String(32), primary_key=True),
    Column("page_number", Integer, primary_key=True, autoincrement=False),
    _us("at_us"),
    _text("page"),
)

number_leases = Table(
    "number_leases",
    metadata,
    Column("visit", String(32), primary_key=True),
    Column("number", Text, primary_key=True),
    _text("visitor"),
    _text("pool"),
    _text("site"),
    _text("line"),
    _us("since_us"),
    _us("seen_us"),
    Index("ix_number_leases_since_us", "since_us"),
)

web_events = Table(
    "web_events",
    metadata,
    Column("key", Text, primary_key=True),
    _us("at_us"),
    _text("kind"),  # "reveal", "tel_click", "copy"...
    _text("site"),
    _text("visit"),
    _text("subject"),  # the masked or logical number
    _text("dealer"),
    _text("number"),
    _text("page"),
    Index("ix_web_events_at_us", "at_us"),
    Index("ix_web_events_visit", "visit"),
)

number_guard = Table(
    "number_guard",
    metadata,
    Column("id", String(32), primary_key=True),
    _us("at_us"),
    _text("site"),
    _text("visit"),
    _text("page"),
    _text("line"),
    _text("selector"),
    _text("shown"),
    _text("assigned"),
    _text("href"),
    _text("verdict"),
    _text("user_agent"),
    Index("ix_number_guard_at_us", "at_us"),
)

pool_hours = Table(
    "pool_hours",
    metadata,
    Column("pool", Text, primary_key=True),
    Column("hour_us", BigInteger, primary_key=True, autoincrement=False),
    _count("visits"),  # that wanted a number
    _count("given"),
    _count("short"),
    _count("most_held"),
    _count("size"),
    Column("stay_s", Float, nullable=False),  # sum of the stays that ended in the hour
    _count("stays"),
    Column("load", Float, nullable=False),  # erlang, by the busiest hour so far
    _count("needed"),  # numbers for that load and the configured loss
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", String(32), primary_key=True),
    _us("at_us"),
    _text("kind"),  # "number", "visitor"
    _text("proof"),  # HMAC-SHA-256 of whom, by a key of this installation: it can be shown, and not read back
    _text("by"),
    _count("visits"),
    _count("calls"),
)
