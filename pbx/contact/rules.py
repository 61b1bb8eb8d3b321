"""Which calls leave a contact that somebody owes an answer, whose it is, and until when."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.contact.facts import CallFacts
from pbx.contact.item import End, ItemKind, OpenRequest

if TYPE_CHECKING:
    from pbx.config import Config, Flow, Queue

NO_PERSON = ("echo",)  # applications in which nobody is wanted
NOBODY_S_FAULT = ("blocked", "not_found", "forbidden", "rejected")  # we took no such call, and meant it
TOLD = ("did", "tag", "campaign", "medium", "trunk")  # of the call, in the item's source


def matches(number: str, pattern: str) -> bool:
    """Whether `pattern` is the number, or its beginning with "*" at the end."""
    return number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern


class Rules:
    """Pure: reads the configuration and a call's facts."""

    def __init__(self, config: Config) -> None:
        self.configure(config)
        written = {flow.name: _first_queue(flow) for flow in config.flow}
        self.flow_queue: Callable[[str], str] = lambda name: written.get(name, "")  # a flow's; "" for none

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._settings = config.contacts
        self._queues = {queue.name: queue for queue in config.queue}

    def counts(self, facts: CallFacts) -> bool:
        """Whether the call may leave an item or close one: it came from a customer, and not for an item."""
        if facts.contact:
            return False
        return facts.direction == "inbound" or (self._settings.internal and facts.direction == "internal")

    def request(self, facts: CallFacts) -> OpenRequest | None:
        """What to open for a call that has ended; None when nobody owes an answer."""
        found = self._missed(facts)
        if found is None:
            return None
        kind, reason = found
        name = facts.queue or self._meant(facts, kind)
        queue = self._queues.get(name)
        since = facts.joined or facts.at
        end, why = self._known_end(facts, kind, queue)
        if end == "ignore":
            return None
        deadline_s = queue.missed_deadline_s if queue is not None else None
        source = {name: str(facts.data[name]) for name in TOLD if facts.data.get(name)}
        return OpenRequest(
            kind=kind,
            number="" if facts.withheld else facts.number,
            queue=name,
            since=since,
            promise=since + (deadline_s or self._settings.missed_deadline_s),
            owner=self._owner(facts, queue),
            source=source,
            origin_call=facts.call_id,
            key=f"call:{facts.call_id}",
            reason=why or reason,
            end=end,
        )

    def _meant(self, facts: CallFacts, kind: ItemKind) -> str:
        """The queue that a caller would have come to, had we been open or had nothing failed; "" for none."""
        if kind is not ItemKind.LEAD and (facts.rang or facts.group):
            return ""
        what, _, name = (facts.wanted or facts.application).partition(":")
        return name if what == "queue" else self.flow_queue(name) if what == "flow" else ""

    def _missed(self, facts: CallFacts) -> tuple[ItemKind, str] | None:
        """The kind of the item and why nobody served the caller; None when there is no item."""
        if not self.counts(facts) or facts.screened or facts.handled or facts.application in NO_PERSON:
            return None
        if facts.missed:
            kind = ItemKind.ABANDONED if facts.missed == "abandoned" else ItemKind.MISSED
            return kind, facts.missed
        if facts.served:
            return None
        if facts.off_hours:
            return ItemKind.LEAD, facts.off_hours
        if facts.rang or facts.group:
            return ItemKind.MISSED, facts.cause
        if facts.cause == "interrupted":
            return ItemKind.MISSED, facts.cause
        refused = facts.ended_by == "pbx" and not facts.application and facts.cause not in NOBODY_S_FAULT
        return (ItemKind.MISSED, facts.cause) if refused else None

    def _known_end(self, facts: CallFacts, kind: ItemKind, queue: Queue | None) -> tuple[str, str]:
        """How the item ends at once, and why; "" when it is to be worked on, "ignore" when it is not kept."""
        if facts.withheld or not facts.number:
            return End.UNREACHABLE.value, "withheld"
        if any(matches(facts.number, pattern) for pattern in self._settings.test_numbers):
            return End.NOT_A_CUSTOMER.value, "test"
        short = kind is ItemKind.ABANDONED and queue is not None and facts.wait_s < queue.short_abandon_s
        if short and self._settings.short_abandon == "ignore":
            return "ignore", ""
        if short and self._settings.short_abandon == "not_a_customer":
            return End.NOT_A_CUSTOMER.value, "short_abandon"
        return "", ""

    def _owner(self, facts: CallFacts, queue: Queue | None) -> str:
        if queue is not None:
            return queue.missed_owner or f"queue:{queue.name}"
        if facts.group:
            return f"group:{facts.group}"
        meant = facts.wanted or facts.application
        return meant if meant.startswith(("extension:", "group:")) else self._settings.owner


def _first_queue(flow: Flow) -> str:
    """The queue of the first block of a flow that has one."""
    return next((str(block.get("queue", "")) for block in flow.block.values() if block.get("kind") == "queue"), "")
