"""Every figure that can be opened, by its id.

A figure of a report carries its id (`Column.formula`); `pbx.reporting.behind` finds what it is made of. The selector is
the same on the command line, in REST and in the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pbx.reporting import delays, tools
from pbx.reporting.arrivals import arrival_facts
from pbx.reporting.blocks import block_facts
from pbx.reporting.callbacks import ENDS, LIMITS_S, callback_facts
from pbx.reporting.campaigns import campaign_facts
from pbx.reporting.customers import customer_facts
from pbx.reporting.money.differing import RECONCILED, differing_facts
from pbx.reporting.money.facts import KEYS, OF_CALLS, OF_COST, OF_MISSED, money_facts
from pbx.reporting.money.reconciliation import KEYS as RECONCILIATION
from pbx.reporting.opened import agents, calls, messages, queues, trunks
from pbx.reporting.opened.figure import Figure, Told, told
from pbx.reporting.partners import partner_facts
from pbx.reporting.recovery import STATES, recovery_facts
from pbx.reporting.redials import redial_facts
from pbx.reporting.tracking.page_facts import GUARD_KEYS, OF_GUARD, OF_REVEALS, REVEAL_KEYS, guard_facts, reveal_facts
from pbx.reporting.tracking.pool_use import OF_HOURS, OF_USES, hour_facts, use_facts
from pbx.reporting.tracking.sources import KEYS as SOURCE
from pbx.reporting.tracking.sources import source_facts

_QUEUE = ("queue",)
_CUSTOMERS = ("CALLERS", "FIRST", "ANSWERED.CALLS", "REPEATED", "FCR.PROXY", "PENDING", "MISSED.NUMBERS", "RECOVERED")
_CALLBACKS = ("CB.ASKED", "CB.REACHED", "CB.NEVER", "CB.PROMISED", "CB.SL", "STL", "CB.ATTEMPTS", "PICKUP", "CB.SILENT")
_CAMPAIGNS = ("BASE", "DELIVERED", "CLICKED", "RANG", "TRIES", "PICKUP")
_PARTNERS = ("SENT", "ANSWERED", "SHORT", "UNANSWERED", "CAP", "NOT_WORTH", "TALK", "COST", "LOSS")
_SOURCES = ("CALLS", "UNIQUE", "ANSWERED", "MISSED", "WEIGHTED")
_FACTS: tuple[Told, ...] = (
    *told(customer_facts, _QUEUE, *_CUSTOMERS, "RESIDUAL", total=True),
    *told(
        recovery_facts,
        _QUEUE,
        "MISSED.CONTACTS",
        "MISSED.NO_CUSTOMER",
        "MISSED",
        "RECOVERY",
        *(f"MISSED.{one.upper()}" for one in STATES),
        what="contact",
        total=True,
        parts=True,
    ),
    *told(callback_facts, _QUEUE, *_CALLBACKS, *(f"STL.{limit:g}" for limit in LIMITS_S)),
    *told(callback_facts, _QUEUE, *(f"CB.{name}" for name in ENDS), what="contact"),
    *told(campaign_facts, ("kind", "template"), *(f"CAMPAIGN.{one}" for one in _CAMPAIGNS)),
    *told(campaign_facts, ("kind", "template"), "CTR", "CONTACT_RATE", "CONVERSION", what="number"),
    *told(redial_facts, ("attempts",), "REDIALS", "REDIALS.GAVE_UP"),
    *told(arrival_facts, ("weekday", "quarter"), "ARRIVALS", "OUTSIDE"),
    *told(money_facts, KEYS, *OF_CALLS, *OF_COST, *OF_MISSED),
    *told(block_facts, ("survey", "question", "answer"), "SURVEY", "SURVEY.ANSWERED"),
    *told(block_facts, ("dealer",), "DEALER", "DEALER.KNOWN", "DEALER.TALKED"),
    *told(partner_facts, ("partner",), *(f"PARTNER.{one}" for one in _PARTNERS)),
    *told(differing_facts, RECONCILIATION, RECONCILED, what="call or record", total=True),
    *told(source_facts, SOURCE, *(f"SOURCE.{one}" for one in _SOURCES)),
    *told(hour_facts, ("pool",), *OF_HOURS, what="hour of a pool"),
    *told(use_facts, ("pool",), OF_USES[0], what="visit"),
    *told(use_facts, ("pool",), *OF_USES[1:]),
    *told(reveal_facts, REVEAL_KEYS, OF_REVEALS[0], what="visit"),
    *told(reveal_facts, REVEAL_KEYS, *OF_REVEALS[1:]),
    *told(guard_facts, GUARD_KEYS, *OF_GUARD, what="report of a page"),
)
_WITHIN = {"REDIALS": {"attempts"}, "MISSED.END": {"end"}, "SURVEY.ANSWERED": {"answer"}}
_ALL: tuple[Figure | Told, ...] = (
    *queues.FIGURES,
    *agents.FIGURES,
    *trunks.FIGURES,
    *calls.FIGURES,
    *messages.FIGURES,
    *delays.FIGURES,
    *tools.FIGURES,
    *(replace(one, within=frozenset(_WITHIN.get(one.id, ()))) for one in _FACTS),
)
FIGURES: Mapping[str, Figure | Told] = {figure.id: figure for figure in _ALL}
