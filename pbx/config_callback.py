"""Configuration of callbacks: whom we may call back, when, how often, at what cost; and what a queue wants of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section

# Kinds of numbers as pbx.numbers.plan tells them; "unknown" are those that the plan cannot place.
NumberKind = Literal[
    "fixed",
    "mobile",
    "fixed_or_mobile",
    "toll_free",
    "premium",
    "shared_cost",
    "voip",
    "personal",
    "pager",
    "uan",
    "voicemail",
    "unknown",
]
Mode = Literal["agent_first", "customer_first"]


class Callback(Section):
    """[callback]. Limits are "7/15m": so many requests within so long (s, m, h, d)."""

    enabled: bool = False
    # Destinations
    countries: list[str] = []  # ISO 3166, whose numbers may be called; empty: numbering.country alone
    kinds: list[NumberKind] = ["fixed", "mobile", "fixed_or_mobile", "voip"]  # of numbers that may be called
    blocked: list[str] = []  # beginnings of E.164 numbers that are not called: "+4870"
    dial_prefix: str = ""  # digits in front of the number, where the routes out ask for one
    # Caller ID and money
    caller_id: str = ""  # shown where neither the queue nor the tag says another; empty: the trunk's
    max_calls: int = Field(default=20, ge=1)  # callbacks under way at once
    minutes_per_day: float = Field(default=0.0, ge=0)  # of talk; 0: no limit
    money_per_day: float = Field(default=0.0, ge=0)  # in the currency of the trunks' prices; 0: no limit
    money_per_month: float = Field(default=0.0, ge=0)
    # Hours, on the customer's clock
    hours: str = ""  # an [[hours]] whose wall clock is the customer's; empty: every day 08:00-21:00
    holidays: bool = True  # nobody is called on a public holiday of his country
    asked_s: float = Field(default=1800.0, ge=0)  # who asked to be called is called so soon after whatever the hour
    # A number that may be in several zones: "all" of them have to allow the call, or it is taken to be in that of the
    # "server" or in a named one, where it may be there
    ambiguous_zone: str = "all"
    # Attempts
    ring_s: float = Field(default=30.0, gt=0, le=180)  # the customer's phone rings so long
    max_attempts: int = Field(default=5, ge=1, le=50)
    retry_busy_s: float = Field(default=300.0, gt=0)
    retry_no_answer_s: float = Field(default=1800.0, gt=0)
    retry_unreachable_s: float = Field(default=3600.0, gt=0)  # no such number, switched off, network trouble
    retry_voicemail_s: float = Field(default=7200.0, gt=0)  # nobody pressed the key that was asked for
    retry_fault_s: float = Field(default=60.0, gt=0)  # ours: no trunk, no line free; such attempts do not count
    backoff: float = Field(default=1.5, ge=1, le=10)  # each further wait is so much longer
    max_retry_s: float = Field(default=14_400.0, gt=0)
    give_up_s: float = Field(default=259_200.0, gt=0)  # after the first moment that it could be tried
    sms_on_failure: str = ""  # an [[sms.template]], once for each request: the first call did not reach the customer
    # Requests
    limits_per_number: list[str] = ["7/15m", "9/60m", "15/24h"]
    limits_per_source: list[str] = ["5/10m", "10/60m"]  # an address, a page: what the request names as its source
    # Pacing of customer first
    silent_share: float = Field(default=0.03, ge=0, le=1)  # of answered callbacks that may hang up without an agent


class QueueCallback(Section):
    """[queue.callback]: what this queue does with requests and with contacts that it lost."""

    mode: Mode = "agent_first"
    confirm: Literal["none", "agent", "customer", "both"] = "none"  # who presses 1 before the talk
    on: list[Literal["abandoned", "missed", "voicemail", "lead"]] = []  # called back without being asked
    delay_s: float = Field(default=60.0, ge=0)  # before such a contact is called back: he may ring again himself
    promise_s: float = Field(default=0.0, ge=0)  # told to requests of the API; 0: the queue's estimate
    caller_id: str = ""  # a number, or "called": the one that the customer had called
    preview_s: float = Field(
        default=0.0, ge=0, le=600
    )  # agents read a contact for so long and say when; 0: rung at once
    ambiguous_zone: str = ""  # where this queue's customers are taken to be; empty: as [callback] says
    company: str = ""  # said to customers who are asked to press 1; empty: no name
