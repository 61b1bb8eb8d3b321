"""Listens for agents' phones that ring and are answered, and tells the pages that are configured for them.

Without a [[screen_pop]] it listens to nothing. With one, a call that no agent gets costs a look at each of its legs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.events import CallEvent, Kind
from pbx.numbers.plan import NumberPlan
from pbx.screenpop.carried import Carried
from pbx.screenpop.once import Once
from pbx.screenpop.pop import Pop, Rule, rules_of
from pbx.screenpop.template import IVR
from pbx.screenpop.values import Subject, contact_of

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services
    from pbx.config import Config

SECTIONS = ("screen_pop", "agent", "team", "numbering")
RINGING = ("ringing", "click")
ANSWER = (*RINGING, "answer")  # a phone that never said that it rings
MAX_IVR = 1000  # characters that are kept of a value that a flow collected

# What a flow collected under a name; None where the call is in no flow, or it has no such name or may not show it.
Collected = Callable[["Call", str], str | None]


@dataclass(slots=True)
class Offer:
    """A call at one agent's phone; `answered_by` is the event that says that he has it."""

    agent: str
    queue: str
    direction: str
    leg: str
    answered_by: Kind
    told: set[str] = field(default_factory=set)  # names of pops


@dataclass(slots=True)
class Followed:
    """A call that an agent gets."""

    contact: str
    offers: dict[str, Offer] = field(default_factory=dict)  # by leg
    pops: set[str] = field(default_factory=set)  # ids
    ivr: dict[str, str] = field(default_factory=dict)  # outlives the flow that collected it


class ScreenPops:
    """Built and started after the contacts. All methods belong to the event loop's thread."""

    def __init__(self, services: Services, collected: Collected) -> None:
        self.open: dict[str, Pop] = {}  # by id: of calls that ring at their agent or are his
        self.told: Counter[tuple[str, str]] = Counter()  # by name and trigger
        self.rules: list[Rule] = []
        self.changed: Callable[[str], None] = lambda _id: None  # a row of `open` came, or went
        self._services, self._collected = services, collected
        self._calls: dict[str, Followed] = {}
        self._once = Once(services.keeper, self._is_open)
        self._carried = Carried(services.keeper, self._is_open)
        self._unsubscribe: Callable[[], None] | None = None
        self._table: dict[Kind, Callable[[CallEvent], None]] = {
            Kind.LEG_STARTED: self._leg_started,
            Kind.QUEUE_OFFERED: self._offered,
            Kind.CALLBACK_OFFERED: self._offered,
            Kind.LEG_RINGING: self._ringing,
            Kind.LEG_ANSWERED: self._leg_answered,
            Kind.QUEUE_ANSWERED: self._taken,
            Kind.CALLBACK_BRIDGED: self._taken,
            Kind.LEG_ENDED: self._leg_ended,
            Kind.CALL_ENDED: self._call_ended,
            Kind.CONTACT_OPENED: self._asked,
            Kind.CONTACT_CLOSED: self._closed,
        }

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """From now on, and after each change of the settings."""
        self._once.start()
        self._carried.start()
        self.configure(self._services.config)
        self._services.followers.rebuild(self.configure, *SECTIONS)

    def stop(self) -> None:
        """Nothing is told any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def configure(self, config: Config) -> None:
        """What was told of running calls stays; the next ring knows the new rules."""
        self.rules = rules_of(config)
        self._plan = NumberPlan(config.numbering.country)
        self._agents = frozenset().union(*(rule.agents for rule in self.rules))
        self._names = {
            name.removeprefix(IVR) for rule in self.rules for name in rule.template.variables if name.startswith(IVR)
        }
        if self.rules and self._unsubscribe is None:
            self._unsubscribe = self._services.bus.subscribe(CallEvent, self._heard, self._table)
        elif not self.rules:
            self.stop()
            self._calls.clear()
            for name in tuple(self.open):
                self._close(name)

    def of(self, agent: str) -> list[Pop]:
        """Those of his calls, the oldest first."""
        return [pop for pop in self.open.values() if pop.agent == agent]

    # -- what is heard -------------------------------------------------------------------------------------------

    def _heard(self, event: CallEvent) -> None:
        self._table[event.kind](event)

    def _leg_started(self, event: CallEvent) -> None:
        """A call to an agent's own number, or one that he makes; queues and callbacks tell of theirs themselves."""
        data, call = event.data, self._services.running.calls.get(event.call_id)
        if call is None or data["role"] == "agent" or event.leg == "a":
            return
        if data["trunk"]:
            if call.direction == "outbound" and call.extension in self._agents:
                offers = self._follow(call).offers
                if "a" not in offers:  # a callback rang him already
                    own = next((each for each in offers.values() if not each.leg), None)
                    offers[event.leg] = own or Offer(call.extension, "", "out", "", Kind.LEG_ANSWERED)
        elif data["target"] in self._agents and call.direction != "internal":
            direction = "out" if call.direction == "outbound" else "in"
            offer = Offer(str(data["target"]), "", direction, event.leg, Kind.LEG_ANSWERED)
            self._follow(call).offers[event.leg] = offer

    def _offered(self, event: CallEvent) -> None:
        data, call = event.data, self._services.running.calls.get(event.call_id)
        if call is None or data["agent"] not in self._agents:
            return
        is_callback = event.kind is Kind.CALLBACK_OFFERED
        answered_by = Kind.CALLBACK_BRIDGED if is_callback else Kind.QUEUE_ANSWERED
        direction = "out" if is_callback else "in"
        offer = Offer(str(data["agent"]), str(data["queue"]), direction, str(data["leg"]), answered_by)
        self._follow(call).offers[offer.leg] = offer
        if any(leg.name == offer.leg and leg.answered_at for leg in call.legs):  # a line that is always connected
            self._tell(call, offer, RINGING)

    def _ringing(self, event: CallEvent) -> None:
        self._step(event, event.leg, RINGING)

    def _leg_answered(self, event: CallEvent) -> None:
        offer = self._offer(event.call_id, event.leg)
        if offer is not None:
            self._step(event, event.leg, ANSWER if offer.answered_by is Kind.LEG_ANSWERED else RINGING)

    def _taken(self, event: CallEvent) -> None:
        followed = self._calls.get(event.call_id)
        if followed is None:
            return
        for leg, offer in tuple(followed.offers.items()):
            if offer.agent == event.data["agent"] and offer.answered_by is event.kind:
                self._step(event, leg, ANSWER)

    def _leg_ended(self, event: CallEvent) -> None:
        followed = self._calls.get(event.call_id)
        offer = followed.offers.pop(event.leg, None) if followed is not None else None
        if followed is None or offer is None or not offer.leg:  # his own leg is the caller's
            return
        if any(other.agent == offer.agent for other in followed.offers.values()):  # it rings him again already
            return
        for name in [each for each in followed.pops if self.open[each].agent == offer.agent]:
            followed.pops.discard(name)
            self._close(name)

    def _call_ended(self, event: CallEvent) -> None:
        followed = self._calls.pop(event.call_id, None)
        if followed is None:
            return
        for name in followed.pops:
            self._close(name)
        if not any(other.contact == followed.contact for other in self._calls.values()):
            self._once.over(followed.contact)

    def _asked(self, event: CallEvent) -> None:
        """An item came of a call: what its flow collected goes with it."""
        call = self._services.running.calls.get(str(event.data.get("origin_call") or ""))
        if call is not None:
            followed = self._calls.get(call.id) or Followed(contact_of(call))
            self._remember(call, followed)
            self._carried.note(event.call_id, followed.ivr)

    def _closed(self, event: CallEvent) -> None:
        """An item of pbx.contact; its call may go on."""
        self._carried.closed(event.call_id, str(event.data.get("into") or ""))
        if not any(followed.contact == event.call_id for followed in self._calls.values()):
            self._once.over(event.call_id, closed=True)

    # -- telling -------------------------------------------------------------------------------------------------

    def _follow(self, call: Call) -> Followed:
        found = self._calls.get(call.id)
        if found is None:
            contact = contact_of(call)
            found = self._calls[call.id] = Followed(contact, ivr=dict(self._carried.of(contact)))
        return found

    def _offer(self, call_id: str, leg: str) -> Offer | None:
        followed = self._calls.get(call_id)
        return followed.offers.get(leg) if followed is not None else None

    def _step(self, event: CallEvent, leg: str, triggers: tuple[str, ...]) -> None:
        offer, call = self._offer(event.call_id, leg), self._services.running.calls.get(event.call_id)
        if offer is not None and call is not None:
            self._tell(call, offer, triggers)

    def _tell(self, call: Call, offer: Offer, triggers: tuple[str, ...]) -> None:
        followed = self._calls[call.id]
        self._remember(call, followed)
        for rule in self.rules:
            name = rule.config.name
            if rule.config.on not in triggers or name in offer.told:
                continue
            if rule.fits(offer.agent, offer.queue, offer.direction):
                offer.told.add(name)
                self._pop(call, followed, offer, rule)

    def _pop(self, call: Call, followed: Followed, offer: Offer, rule: Rule) -> None:
        name, trigger = rule.config.name, rule.config.on
        once, contact = rule.config.once_per_contact, followed.contact
        again = once and self._once.had(contact, name, offer.agent)
        subject = Subject(
            call, offer.agent, offer.queue, self._customer(call, offer), self._plan,
            lambda variable: followed.ivr.get(variable, ""),
        )  # fmt: skip
        opens = trigger != "click" and not again
        url = rule.template.fill(subject.value)
        found = f"{call.id}.{offer.agent}.{name}"
        pop = Pop(
            found, name, offer.agent, call.id, contact, offer.direction, offer.queue, trigger, opens, url,
            self._services.clock.unix(),
        )  # fmt: skip
        self.open[found] = pop
        followed.pops.add(found)
        self.changed(found)
        if again:
            return
        if once:
            self._once.note(contact, name, offer.agent, keep=bool(call.setup.contact))
        self.told[name, trigger] += 1
        call.emit(Kind.SCREEN_POP, offer.leg or "a", **pop.told())

    def _customer(self, call: Call, offer: Offer) -> str:
        """His name, where it is known: as his line gave it, or as he is written down."""
        if offer.direction == "in":
            return call.caller_name
        item = self._item(call.setup.contact)
        return str(item.name) if item is not None else ""

    def _remember(self, call: Call, followed: Followed) -> None:
        for name in self._names:
            value = self._collected(call, name)
            if value is not None:
                followed.ivr[name] = value[:MAX_IVR]

    # -- others --------------------------------------------------------------------------------------------------

    def _close(self, name: str) -> None:
        if self.open.pop(name, None) is not None:
            self.changed(name)

    def _item(self, contact: str) -> Any:
        contacts = self._services.contacts
        return contacts.peek(contact) if contacts is not None and contact else None

    def _is_open(self, contact: str) -> bool:
        return self._item(contact) is not None
