"""What blocks of flows have done: requests to other systems, callers found, PINs, dealers, answers to surveys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily, HistogramFamily

HTTP_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
OUTCOMES = ("ok", "error", "timeout")
MAX_LABELS = 200  # of names that configurations and flows make up; more are "other"


class BlockMetrics(Collector):
    """Subscribes on construction. `hosts` as in http.hosts."""

    def __init__(self, bus: EventBus, hosts: Iterable[str] = (), dealers: Iterable[str] = ()) -> None:
        self._http = _family("http", "Requests of flows to other systems.", "host", "outcome")
        took = "How long requests of flows to other systems took, with all attempts."
        self._http_s = HistogramFamily("centrala_flow_http_seconds", took, HTTP_S)
        self._callers = _family("callers", "Look-ups of callers in the book of customers.", "result")
        self._regions = _family("regions", "Look-ups of the region of a caller, by what told it.", "result", "source")
        self._pins = _family("pins", "PINs that were asked for.", "result")
        self._dealers = _family("dealers", "Calls given to dealers; none: nobody was found.", "dealer")
        text = "Calls that were to go to overflow partners."
        self._overflow = CellFamily(CounterMetricFamily, "centrala_partner_calls_total", text, ("partner", "result"))
        self._overflow_s = _partner_sum("talk_seconds", "Talk at overflow partners.")
        self._overflow_money = _partner_sum("cost", "What overflow partners have cost, in their currency.")
        self._duty = _family("duty", "People on duty who were rung.", "rota", "result")
        self._heard = _family("speech", "What callers said to menus.", "result")
        self._guards = _family("guards", "Callers who were asked for spoken digits.", "result")
        self._consents = _family("consents", "Answers of callers who were asked to agree.", "consent", "given")
        self._answers = _family("survey_answers", "Answers to surveys.", "survey", "question", "answer")
        self._names: set[tuple[str, str]] = set()
        for host in hosts:
            if not host.startswith("*"):
                for outcome in OUTCOMES:
                    self._http.child(self._name("host", host.partition(":")[0]), outcome)
        self.configure(dealers)
        for kind, handler in {
            Kind.HTTP_ASKED: self._asked,
            Kind.CALLER_KNOWN: self._caller,
            Kind.REGION_FOUND: self._region,
            Kind.PIN_CHECKED: self._pin,
            Kind.DEALER_CHOSEN: self._dealer,
            Kind.DUTY_CALLED: self._on_duty,
            Kind.OVERFLOW_TRIED: self._overflowed,
            Kind.GUARD_CHECKED: self._guard,
            Kind.SPEECH_HEARD: self._spoke,
            Kind.CONSENT_NOTED: self._consent,
            Kind.SURVEY_ANSWERED: self._answer,
        }.items():
            bus.subscribe(CallEvent, handler, (kind,))

    def configure(self, dealers: Iterable[str]) -> None:
        """From now on these dealers as well."""
        for dealer in (*dealers, "none"):
            self._dealers.child(self._name("dealer", dealer))

    def collect(self) -> Iterator[Metric]:
        for family in (self._http, self._callers, self._regions, self._pins, self._dealers, self._duty):
            yield from family.collect()
        for family in (self._guards, self._consents, self._answers, self._heard):
            yield from family.collect()
        for family in (self._overflow, self._overflow_s, self._overflow_money):
            yield from family.collect()
        yield from self._http_s.collect()

    def _asked(self, event: CallEvent) -> None:
        data = event.data
        self._http.child(self._name("host", data["host"]), data["outcome"]).value += 1
        self._http_s.one.observe(data["ms"] / 1000)

    def _caller(self, event: CallEvent) -> None:
        data = event.data
        result = "unknown" if not data["customer"] else "vip" if data["vip"] else "known"
        self._callers.child(result).value += 1

    def _region(self, event: CallEvent) -> None:
        self._regions.child("known" if event.data["region"] else "unknown", event.data["source"]).value += 1

    def _pin(self, event: CallEvent) -> None:
        self._pins.child(event.data["result"]).value += 1

    def _dealer(self, event: CallEvent) -> None:
        self._dealers.child(self._name("dealer", event.data["dealer"] or "none")).value += 1

    def _on_duty(self, event: CallEvent) -> None:
        self._duty.child(self._name("rota", event.data["rota"]), event.data["result"]).value += 1

    def _overflowed(self, event: CallEvent) -> None:
        data = event.data
        partner = self._name("partner", data["partner"])
        self._overflow.child(partner, data["result"]).value += 1
        self._overflow_s.child(partner).value += data.get("talk_s", 0.0)
        self._overflow_money.child(partner).value += data.get("cost", 0.0)

    def _spoke(self, event: CallEvent) -> None:
        self._heard.child(event.data["result"]).value += 1

    def _guard(self, event: CallEvent) -> None:
        self._guards.child(event.data["result"]).value += 1

    def _consent(self, event: CallEvent) -> None:
        given = "yes" if event.data["given"] else "no"
        self._consents.child(self._name("consent", event.data["consent"]), given).value += 1

    def _answer(self, event: CallEvent) -> None:
        data = event.data
        question = self._name("question", f"{data['survey']}/{data['question']}").rpartition("/")
        self._answers.child(question[0] or "other", question[2], data["answer"] or "none").value += 1

    def _name(self, label: str, name: str) -> str:
        """`name`, or "other" when there are too many of them already."""
        if (label, name) in self._names:
            return name
        if sum(known == label for known, _ in self._names) >= MAX_LABELS:
            return "other"
        self._names.add((label, name))
        return name


def _family(name: str, text: str, *labels: str) -> CellFamily:
    return CellFamily(CounterMetricFamily, f"centrala_flow_{name}_total", text, labels)


def _partner_sum(name: str, text: str) -> CellFamily:
    return CellFamily(CounterMetricFamily, f"centrala_partner_{name}_total", text, ("partner",))
