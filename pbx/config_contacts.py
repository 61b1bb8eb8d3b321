"""The section of contacts that somebody owes an answer: deadlines, who owns them, which calls are none."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Section


class Contacts(Section):
    """Missed contacts and callbacks. Queues have fields of their own that go before these."""

    enabled: bool = True  # false: calls from outside leave no items; those of other sources are kept all the same
    missed_deadline_s: float = Field(default=3600.0, gt=0)  # from the contact: until then somebody is to answer it
    sla_s: list[float] = [10_800.0, 14_400.0]  # an item older than each of these breaches the agreement
    owner: str = ""  # of items without a more exact one: "team:sales", "agent:101", "queue:sales"
    internal: bool = False  # calls of extensions count as well
    short_abandon: Literal["open", "not_a_customer", "ignore"] = "not_a_customer"  # under the queue's short_abandon_s
    test_numbers: list[str] = []  # numbers, or beginnings with "*": never customers
    came_back: Literal["number", "queue"] = "number"  # what a served call closes: all of the number, or of its queue
    reached_talk_s: float = Field(default=10.0, ge=0)  # a call from a phone counts as reached after so much talk
    claim_s: float = Field(default=1800.0, gt=0)  # what nobody finished in this time is open again
    doubt_window_s: float = Field(default=300.0, ge=0)  # an attempt cut off by a crash is not repeated within this time
    max_open: int = Field(default=20_000, ge=1)  # more are refused
    retention_days: float = Field(default=400.0, gt=0)  # closed items are kept for so long
