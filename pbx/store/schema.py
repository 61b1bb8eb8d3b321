"""The tables. Every instant is UTC in microseconds since 1970 (`_us`), every duration is in seconds (`_s`).

`journey` is the truth and only grows; the tables of pbx.store.records are derived from it and can be rebuilt
at any time. The migrations under migrations/versions lead to exactly these tables; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text, text

from pbx.store import schema_accounts as schema_accounts
from pbx.store import schema_customers as schema_customers
from pbx.store import schema_intervals as schema_intervals
from pbx.store import schema_ledger as schema_ledger
from pbx.store import schema_outbox as schema_outbox
from pbx.store import schema_second_factors as schema_second_factors
from pbx.store import schema_settings as schema_settings
from pbx.store import schema_sms as schema_sms
from pbx.store import schema_teams as schema_teams
from pbx.store import schema_tracking as schema_tracking
from pbx.store import schema_webhooks as schema_webhooks
from pbx.store import schema_widget as schema_widget
from pbx.store.metadata import metadata as metadata
from pbx.store.metadata import partial
from pbx.store.schema_history import call_indexes
from pbx.store.schema_prompts import prompt_takes as prompt_takes
from pbx.store.schema_selftest import selftest_results as selftest_results

HEAD = "0029"  # the newest revision under migrations/versions

# SQLite makes an INTEGER PRIMARY KEY the row id itself: one B-tree instead of two. PostgreSQL needs the 64-bit type.
BigKey = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _seconds(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Float, nullable=nullable)


def _added(name: str) -> Column[str]:
    """A text column that came after the first rows."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def _added_figure(name: str) -> Column[float]:
    """A figure that came after the first rows."""
    return Column(name, Float, nullable=False, server_default=text("0"))


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


journey = Table(
    "journey",
    metadata,
    Column("seq", BigKey, primary_key=True, autoincrement=False),
    Column("call_id", String(32), nullable=False),
    _us("at_us"),
    Column("kind", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("data", Text, nullable=False),  # JSON object
    Index("ix_journey_call_id", "call_id"),
    partial(  # of the steps of flows, by their instant
        "ix_journey_blocks",
        "at_us",
        where="kind = 'flow.block'",
    ),
)

cdrs = Table(
    "cdrs",
    metadata,
    Column("id", String(32), primary_key=True),
    _us("started_us"),
    _us("answered_us", nullable=True),
    _us("ended_us"),
    _text("zone"),  # IANA name of the server's zone when the call was made
    _text("direction"),
    _text("caller"),
    _text("callee"),
    _text("did"),
    _text("trunk"),  # the trunk the call came in by
    _text("source"),
    _text("application"),  # the first one it was routed to
    _text("forwarded_to"),
    _text("queue"),  # the last one it joined
    _text("agent"),  # the last one who answered it
    _seconds("wait_s"),  # in queues, all of them together
    _seconds("talk_s"),  # bridged and not on hold
    _seconds("hold_s"),
    _seconds("duration_s"),  # start to end
    _seconds("billed_s"),  # answer to end
    _seconds("setup_s", nullable=True),  # INVITE to answer
    _text("cause"),
    _count("sip_status"),
    _text("ended_by"),
    Column("abandoned", Boolean(create_constraint=False), nullable=False),  # hung up while waiting in a queue
    _text("recording"),  # path relative to the recordings folder
    _seconds("recording_s"),
    _count("legs"),  # that the PBX placed
    _count("rx_packets"),  # of the caller's leg, as the next two
    _count("lost_packets"),
    _seconds("jitter_ms"),
    _added("tag"),  # of the number that was dialled, with its campaign and medium
    _added("campaign"),
    _added("medium"),
    _added("caller_country"),  # ISO 3166 of the caller's number, as far as its plan tells; the next two likewise
    _added("caller_region"),
    _added("caller_type"),  # "mobile", "fixed", "toll_free"...
    _added_figure("cost"),  # of the legs by priced trunks, in the currency of their price lists
    _added("contact"),  # the item that the call was placed for
    _us("bridged_us", nullable=True),  # two people heard each other for the first time
    _added("test"),  # the test that the call was made for; such calls are no customers'
    _seconds("mos", nullable=True),  # of what was heard from the caller: MOS-CQE, G.107
    *call_indexes(),
)

queue_visits = Table(
    "queue_visits",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("visit", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... within the call
    Column("queue", Text, nullable=False),
    _us("joined_us"),
    _us("ended_us"),
    Column("outcome", Text, nullable=False),  # "answered", "abandoned", or the reason of queue.left
    _text("agent"),
    _count("position"),  # on joining, 1 is the head
    _seconds("wait_s"),
    _seconds("talk_s"),
    _seconds("hold_s"),
    _count("offers"),
    _count("offers_missed"),
    _added("contact"),  # as of the call: a callback, not a caller who holds
    _added_figure("wrapup_s"),  # after the talk
    _added("wrapup_code"),  # "TIMEOUT": none was given in time
    _added("wrapup_note"),
    Index("ix_queue_visits_joined_us", "joined_us"),
)

queue_offers = Table(
    "queue_offers",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("offer", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... within the call
    _count("visit"),
    Column("queue", Text, nullable=False),
    Column("agent", Text, nullable=False),
    _us("offered_us"),
    _us("ended_us"),
    _seconds("alert_s"),  # from the offer to its acceptance or end
    Column("outcome", Text, nullable=False),  # "accepted", or the reason of queue.offer_ended
    Index("ix_queue_offers_offered_us", "offered_us"),
)

wait_promises = Table(
    "wait_promises",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("promise", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... within the call
    _count("visit"),
    Column("queue", Text, nullable=False),
    _us("told_us"),
    _count("position"),
    _seconds("low_s"),  # as spoken, from then on
    _seconds("high_s"),
    _seconds("quantile"),  # of the callers who shall be served within `high_s`
    _seconds("waited_s"),  # from then on to the end of the stay
    Column("outcome", Text, nullable=False),  # pbx.store.visits.Verdict
    Index("ix_wait_promises_told_us", "told_us"),
)

callback_calls = Table(
    "callback_calls",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("contact", Text, primary_key=True),  # the item that was called for
    Column("queue", Text, nullable=False),
    _text("mode"),  # "agent_first", "customer_first"
    _count("attempt"),  # its number among those of the item
    _text("agent"),  # who spoke with the customer
    _us("started_us"),
    _seconds("reach_s", nullable=True),  # INVITE to the customer's answer
    _seconds("hold_s", nullable=True),  # from there to the bridge, or to the customer's hang-up
    _seconds("speed_s", nullable=True),  # speed-to-lead: request, or the hour that was chosen, to bridge
    _seconds("age_s", nullable=True),  # first contact to bridge
    Column("silent", Boolean(create_constraint=False), nullable=False),  # hung up before an agent was there
    _text("outcome"),  # pbx.callback.attempts.Outcome, or "interrupted"
    _added_figure("wrapup_s"),  # after the talk, as the next two
    _added("wrapup_code"),
    _added("wrapup_note"),
    Index("ix_callback_calls_started_us", "started_us"),
    Index("ix_callback_calls_contact", "contact"),
)

trunk_calls = Table(
    "trunk_calls",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("leg", Text, primary_key=True),
    Column("trunk", Text, nullable=False),
    _text("target"),
    _us("started_us"),
    _us("ringing_us", nullable=True),
    _us("answered_us", nullable=True),
    _us("ended_us"),
    _count("sip_status"),
    Column("outcome", Text, nullable=False),  # pbx.store.outcome.Outcome
    _seconds("pdd_s", nullable=True),  # INVITE to the first 180, 183 or 200
    _seconds("billed_s"),
    _added_figure("cost"),
    _seconds("mos", nullable=True),  # of what was heard from the far end: MOS-CQE, G.107
    Index("ix_trunk_calls_started_us", "started_us"),
)

agent_states = Table(
    "agent_states",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("state", Text, nullable=False),
    _us("since_us"),
    _text("reason"),
    _text("call_id"),
)

agent_log = Table(
    "agent_log",
    metadata,
    Column("seq", BigKey, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("state", Text, nullable=False),
    _us("started_us"),
    _us("ended_us"),
    _seconds("duration_s"),
    _text("reason"),
    _text("call_id"),
    Index("ix_agent_log_started_us", "started_us"),
    partial(  # of the few that lie in more than two quarters of an hour
        "ix_agent_log_long",
        "started_us",
        where="duration_s >= 900",
    ),
    Index("ix_agent_log_call_id", "call_id"),
)

registrations = Table(
    "registrations",
    metadata,
    Column("extension", Text, primary_key=True),
    _us("expires_us"),  # of the contact that expires last
    Column("data", Text, nullable=False),  # JSON array: the extension's contacts, see pbx.store.registrations
)

kept = Table(
    "kept",
    metadata,
    Column("room", Text, primary_key=True),  # whose: "spend", "screening", "bans"...
    Column("key", Text, primary_key=True),
    Column("data", Text, nullable=False),  # JSON; "" when the entry is gone
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("kind"),  # pbx.contact.item.ItemKind
    _text("queue"),
    _text("number"),  # E.164 or what was heard; "" when it was withheld
    _text("name"),
    _us("since_us"),  # of the original contact
    _us("created_us"),
    _us("promise_us"),  # 0: none, as for every instant below
    _us("not_before_us"),
    _us("not_after_us"),
    _count("priority"),
    _text("skills"),  # JSON array
    _text("language"),
    _text("preferred_agent"),
    _text("owner"),
    _text("source"),  # JSON object
    _text("origin_call"),
    _text("key"),  # of idempotency
    _text("mode"),
    Column("automatic", Boolean(create_constraint=False), nullable=False),
    _count("times"),
    _text("state"),  # pbx.contact.item.ItemState
    _text("ended_as"),  # pbx.contact.item.End, "" while it is open
    _us("ended_us"),
    _text("ended_by"),
    _text("reason"),
    _text("merged_into"),
    _text("claimed_by"),
    _us("claimed_us"),
    _us("breached_us"),  # the latest deadline that passed and was told
    Index("ux_contacts_key", "key", unique=True),
    partial(
        "ux_contacts_open",  # one open item per customer and queue
        "number",
        "queue",
        unique=True,
        where="state <> 'closed' AND number <> ''",
    ),
    Index("ix_contacts_state", "state"),
    Index("ix_contacts_created_us", "created_us"),
)

contact_attempts = Table(
    "contact_attempts",
    metadata,
    Column("contact_id", String(32), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... of the contact
    _us("at_us"),
    _us("ended_us"),
    _text("outcome"),  # "" while it is under way
    _text("call_id"),
    _text("made_by"),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("flow", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... of the flow
    _text("state"),  # draft, published, retired (pbx.flow.versions)
    _text("document"),  # JSON
    _text("author"),
    _us("created_us"),  # of a draft: last saved
    _text("note"),
    _us("published_us"),  # 0: never
    _text("published_by"),
)

voicemail_messages = Table(
    "voicemail_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("box"),
    _text("caller"),
    _text("caller_name"),
    Column("call_id", String(32), nullable=False),
    _us("at_us"),
    _text("file"),  # below the recordings folder
    _text("language"),
    _text("state"),  # pbx.voicemail.message.MessageState
    _seconds("duration_s"),
    _us("heard_us"),  # 0: nobody has
    Column("saved", Boolean(create_constraint=False), nullable=False),
    _us("deleted_us"),
    _text("contact"),  # the item that it became
    Column("recovered", Boolean(create_constraint=False), nullable=False),
    _added("transcript"),  # what was said; "-": nothing; "": not known yet
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# JSON object: "next" is the next row's sequence number and "open" the calls without an end at that moment; every other
# call of an earlier row has its CDR. Recovery begins here.
META_CHECKPOINT = "journey_checkpoint"
# JSON object: the calls of this database were made up; "seed", "first" (date) and "days".
META_DEMO = "demo"
# JSON object: the interval tables hold every quarter from "from" (microseconds) on but those of interval_stale.
META_INTERVALS = "intervals"
