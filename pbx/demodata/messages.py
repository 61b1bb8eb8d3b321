"""The agency's short messages of a day: waves of campaigns, and those that flows and queues send by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from pbx.demodata.agency import Agency
from pbx.demodata.arrivals import DayPlan
from pbx.demodata.ids import id_of
from pbx.demodata.office import Call, number_of
from pbx.events import CallEvent, Kind
from pbx.sms.message import Message, State

PRICE = 0.075  # PLN a part
WAVE_S = 9.5 * 3600  # when a wave begins
CAMPAIGNS = ("zima", "wiosna", "lato", "jesień")
CLICKS = 0.21  # of what was delivered
STATES = ((0.925, State.DELIVERED), (0.955, State.FAILED), (0.985, State.EXPIRED), (0.992, State.REFUSED))
TEXTS = {
    "closed": "Dziękujemy za telefon. Oddzwonimy rano.",
    "missed": "Przepraszamy, że Pan/Pani czekał(a). Zadzwonimy najszybciej, jak to możliwe.",
    "help": "Instrukcja: https://shop.example/pomoc",
}
DAY_S = 86_400.0


class Messages:
    """Of one day. `zero` is its midnight in UTC seconds."""

    def __init__(self, agency: Agency, plan: DayPlan, zero: float, random: np.random.Generator) -> None:
        self._agency = agency
        self._plan = plan
        self._zero = zero
        self._random = random
        self._number = count()

    def wave(self, customers: Sequence[int]) -> list[Message]:
        """A campaign's messages to these customers."""
        seasons = (self._plan.day.month % 12) // 3
        template = f"{CAMPAIGNS[seasons]}-{self._plan.day.year}"
        drawn = self._random.random((len(customers), 2)).tolist()
        text = "Rabat 15 % do niedzieli: https://shop.example/r"
        return [
            self._message(number_of(customer), self._zero + WAVE_S + 1.1 * at, template, "api", text, drawn[at])
            for at, customer in enumerate(customers)
        ]

    def automatic(self, calls: Sequence[Call]) -> list[Message]:
        """After a call at night, after a wait in vain, and instead of a talk that a page of help can save."""
        made, drawn = [], self._random.random((len(calls), 3)).tolist()
        for call, (chance, *rest) in zip(calls, drawn, strict=True):
            found = self._reason(call, chance)
            if found is not None and call.number.startswith("+48500"):  # a landline takes no message
                at = self._zero + call.at + call.wait_s + call.talk_s + 2.0
                template, source = found
                message = self._message(call.number, at, template, source, TEXTS[template], rest)
                message.origin_call = call.id
                made.append(message)
        return made

    def _reason(self, call: Call, chance: float) -> tuple[str, str] | None:
        if call.outbound:
            return None
        if call.closed:
            return ("closed", "flow:closed:sms") if chance < 0.85 else None
        if not call.answered:
            return ("missed", f"queue:{self._agency.queue}") if chance < 0.9 else None
        return ("help", "flow:hotline:help") if chance < 0.11 else None

    def _message(
        self, number: str, at: float, template: str, source: str, text: str, drawn: Sequence[float]
    ) -> Message:
        ident = id_of(at, next(self._number), int(drawn[1] * 2**62))
        made = Message(ident, ident, number, text, "gsm7", 1, at, at + DAY_S, "Agencja", template, "pl", source)
        made.state = next((state for share, state in STATES if drawn[0] < share), State.ACCEPTED)
        made.gateway, made.attempts, made.submitted = "operator", 1, at + 0.5
        if made.state is State.REFUSED:
            made.error, made.ended = "no_route", at + 1.0
            return made
        made.accepted, made.cost, made.currency = at + 1.0, PRICE, "PLN"
        if made.state is not State.ACCEPTED:
            late = DAY_S if made.state is State.EXPIRED else 2.0 + 60 * drawn[1] ** 6
            made.ended = made.accepted + late
        return made

    def clicks(self, messages: Sequence[Message]) -> Iterator[CallEvent]:
        """Who opened the link of a campaign, on the same day."""
        end = self._zero + DAY_S - 60
        waited = self._random.exponential(5400.0, len(messages)).tolist()
        for message, chance, wait_s in zip(messages, self._random.random(len(messages)).tolist(), waited, strict=True):
            if message.state is State.DELIVERED and chance < CLICKS:
                at = min(message.ended + 5 + wait_s, end)
                yield CallEvent(Kind.SMS_CLICKED, message.id, "", at, {"clicks": 1, "template": message.template})
