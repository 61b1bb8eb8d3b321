"""Figures of calls that were read, by the definitions of docs/glossary.md; None where there is nothing to divide by."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers

from tests.pbx.reporting.oracle.reading import MICRO, Alert, Called, Seizure, Stay

Row = dict[str, object]
WEEK_US = 7 * 86_400 * MICRO
FOUR_HOURS_US = 4 * 3600 * 1_000_000  # longer ones are of handsets that nobody put down


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Cut:
    """From, up to (not included); the zone whose days count."""

    start_us: int
    end_us: int
    zone: ZoneInfo

    def holds(self, at_us: int) -> bool:
        return self.start_us <= at_us < self.end_us

    def day(self, at_us: int) -> object:
        return datetime.fromtimestamp(at_us / MICRO, UTC).astimezone(self.zone).date()


def customers_of(calls: Iterable[Called]) -> list[Called]:
    """Without test calls."""
    return [call for call in calls if not call.test]


def callers(calls: Iterable[Called]) -> list[tuple[Called, Stay]]:
    """Each stay of a caller who holds; whom we call for a contact is none."""
    return [(call, stay) for call in customers_of(calls) for stay in call.stays if not call.contact]


# -- queues ------------------------------------------------------------------------------------------------------------


def queues(calls: Sequence[Called], cut: Cut, limits: dict[str, tuple[float, float]]) -> dict[str, Row]:
    """By queue, and "all"; T and S are those of the queue that the caller was in."""
    found: dict[str, list[Stay]] = {name: [] for name in limits}
    for _, stay in callers(calls):
        if cut.holds(stay.joined_us):
            found.setdefault(stay.queue, []).append(stay)
    rows = {name: _queue(stays, limits) for name, stays in found.items()}
    if len(rows) > 1:
        rows["all"] = _queue([stay for stays in found.values() for stay in stays], limits)
    return rows


def _queue(stays: list[Stay], limits: dict[str, tuple[float, float]]) -> Row:
    def within(stay: Stay, which: int) -> bool:
        return stay.wait_us <= limits.get(stay.queue, (20.0, 5.0))[which] * MICRO

    ans = [stay for stay in stays if stay.outcome == "answered"]
    gone = [stay for stay in stays if stay.outcome == "abandoned"]
    ans_t, gone_t = sum(within(one, 0) for one in ans), sum(within(one, 0) for one in gone)
    gone_s, both = sum(within(one, 1) for one in gone), len(ans) + len(gone)
    offers = [offer for stay in stays for offer in stay.offers]
    ended = [one for one in ans if max(one.talk_us + one.hold_us, one.wrapup_us) <= FOUR_HOURS_US]
    talk, hold, acw = (sum(getattr(one, name) for one in ended) / MICRO for name in ("talk_us", "hold_us", "wrapup_us"))
    return {
        "offered": len(stays),
        "answered": len(ans),
        "abandoned": len(gone),
        "short_abandoned": gone_s,
        "flowed_out": len(stays) - both,
        "SL1": ratio(ans_t + gone_t, both),
        "SL2": ratio(ans_t, len(ans)),
        "SL3": ratio(ans_t, both),
        "SL4": ratio(ans_t, both - gone_t),
        "SL5": ratio(ans_t + gone_s, both),
        "SL6": ratio(ans_t, both - gone_s),
        "asa_s": ratio(sum(one.wait_us for one in ans) / MICRO, len(ans)),
        "longest_wait_s": max(one.wait_us for one in stays) / MICRO if stays else None,
        "average_time_to_abandon_s": ratio(sum(one.wait_us for one in gone) / MICRO, len(gone)),
        "abandonment_rate": ratio(len(gone), len(stays)),
        "adjusted_abandonment_rate": ratio(len(gone) - gone_s, len(stays) - gone_s),
        "aht_s": ratio(talk + hold + acw, len(ended)),
        "average_talk_s": ratio(talk, len(ended)),
        "average_hold_s": ratio(hold, len(ended)),
        "average_wrapup_s": ratio(acw, len(ended)),
        "left_out": len(ans) - len(ended),
        "offers": len(offers),
        "rona": ratio(sum(one.outcome not in ("accepted", "lost", "") for one in offers), len(offers)),
    }


# -- agents ------------------------------------------------------------------------------------------------------------

Spells = list[tuple[str, str, int, int]]
Present = dict[str, tuple[str, int]]


def agents(calls: Sequence[Called], over: Spells, present: Present, cut: Cut, now_us: int) -> dict[str, Row]:
    """What agents did with their time within the cut, and with what was offered to them in it."""
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    still = [(agent, state, since, now_us) for agent, (state, since) in present.items()]
    for agent, state, since, until in (*over, *still):
        length = min(until, cut.end_us) - max(since, cut.start_us)
        if state != "offline" and length > 0:
            spent[agent][state] += length
    rung: dict[str, list[Alert]] = defaultdict(list)
    handled: dict[str, list[tuple[Called, Stay | None]]] = defaultdict(list)
    for call in customers_of(calls):
        for alert in (*(one for stay in call.stays for one in stay.offers), *call.rung):
            if cut.holds(alert.at_us):
                rung[alert.agent].append(alert)
        for stay in call.stays:
            if stay.outcome == "answered" and cut.holds(stay.joined_us):
                handled[stay.agent].append((call, stay))
        back = call.callback
        if back and back["agent"] and cut.holds(call.at_us) and not any(s.agent == back["agent"] for s in call.stays):
            handled[back["agent"]].append((call, None))
    rows = {}
    for agent in {*spent, *rung, *handled}:
        row = _agent(spent[agent], rung[agent], handled[agent])
        if row["signed_in_s"] or row["offers"] or handled[agent]:
            rows[agent] = row
    return rows


def _agent(spent: Counter[str], rung: list[Alert], handled: list[tuple[Called, Stay | None]]) -> Row:
    talk = hold = 0
    for call, stay in handled:
        if stay is not None:
            talk, hold = talk + stay.talk_us, hold + stay.hold_us
        else:
            held = whole_hold(call)
            talk, hold = talk + sum(one.length_us or 0 for one in call.talks) - held, hold + held
    accepted = [one for one in rung if one.outcome == "accepted"]
    missed = sum(one.outcome not in ("accepted", "lost") for one in rung)
    back = sum(bool(call.contact) for call, _ in handled)
    work = spent["talking"] + spent["hold"] + spent["wrapup"]
    signed_in = sum(length for state, length in spent.items() if state not in ("offline", "unreachable"))
    return {
        "offers": len(rung),
        "missed": missed,
        "rona": ratio(missed, len(rung)),
        "alert_s": ratio(sum((one.end_us or 0) - one.at_us for one in accepted) / MICRO, len(accepted)),
        "answered": len(handled) - back,
        "callbacks": back,
        "aht_s": ratio((talk + hold + spent["wrapup"]) / MICRO, len(handled)),
        "talk_s": talk / MICRO,
        "hold_s": hold / MICRO,
        "wrapup_s": spent["wrapup"] / MICRO,
        "available_s": spent["available"] / MICRO,
        "break_s": spent["break"] / MICRO,
        "signed_in_s": signed_in / MICRO,
        "occupancy": ratio(work, work + spent["available"]),
        "utilisation": ratio(work, signed_in),
    }


def whole_hold(call: Called) -> int:
    """Of the call: the union of its holds."""
    total, reached = 0, 0
    for since, until in sorted(call.holds):
        total += max(until - max(since, reached), 0)
        reached = max(reached, until)
    return total


def lost(calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """Callers who gave up in the queue after the agent had not accepted them, each once an agent."""
    found: dict[str, Row] = {}
    for call in customers_of(calls):
        vain: dict[str, Alert] = {}
        for alert in (*(one for stay in call.stays for one in stay.offers), *call.rung):
            if cut.holds(alert.at_us):
                row = found.setdefault(alert.agent, {"offers": 0, "lost_callers": 0})
                row["offers"] = int(str(row["offers"])) + 1
        for stay in call.stays if not call.contact else ():
            for alert in stay.offers if stay.outcome == "abandoned" else ():
                if alert.outcome not in ("accepted", "lost"):
                    vain[alert.agent] = alert
        for agent, alert in vain.items():
            if cut.holds(alert.at_us):
                found[agent]["lost_callers"] = int(str(found[agent]["lost_callers"])) + 1
    for row in found.values():
        row["lost_share"] = ratio(float(str(row["lost_callers"])), float(str(row["offers"])))
    return found


# -- trunks ------------------------------------------------------------------------------------------------------------


def trunks(calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """D1; what was billed after a transfer is the trunk's, and no seizure."""
    found: dict[str, list[Seizure]] = defaultdict(list)
    for call in calls:
        for leg in call.seizures:
            if cut.holds(leg.at_us):
                found[leg.trunk].append(leg)
    return {name: _trunk(legs) for name, legs in found.items()}


def _trunk(legs: list[Seizure]) -> Row:
    counts = Counter(leg.outcome for leg in legs if not leg.continued)
    seizures = counts.total()
    billed = sum((leg.ended_us or 0) - leg.answered_us for leg in legs if leg.answered_us is not None) / MICRO
    reached = [
        min(at for at in (leg.rang_us, leg.answered_us) if at) - leg.at_us
        for leg in legs
        if not leg.continued and (leg.rang_us or leg.answered_us)
    ]
    heard = [leg.mos for leg in legs if leg.mos is not None]
    return {
        "seizures": seizures,
        **{name: counts[name] for name in ("answered", "busy", "no_answer", "rejected")},
        "failed": counts["failure"],
        "asr": ratio(counts["answered"], seizures),
        "ner": ratio(seizures - counts["failure"], seizures),
        "average_call_duration_s": ratio(billed, counts["answered"]),
        "pdd_s": ratio(sum(reached) / MICRO, len(reached)),
        "pdd_max_s": max(reached, default=0) / MICRO,
        "mos": ratio(sum(heard), len(heard)),
        "cost": sum(leg.cost for leg in legs),
    }


# -- customers ---------------------------------------------------------------------------------------------------------


def who(number: str) -> str:
    """E.164 as in Poland; "" for nobody's number."""
    digits = "".join(mark for mark in number if mark.isdigit())
    if len(digits) < 7:
        return digits
    for text, region in ((number if number[:1] == "+" else digits, "PL"), (f"+{digits}", None)):
        try:
            found = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(found) and (number[:1] == "+" or phonenumbers.is_valid_number(found)):
            return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return digits


def customers(calls: Sequence[Called], numbers: dict[str, str], cut: Cut, now_us: int) -> dict[str, Row]:
    """By queue, and "all". `numbers`: by contact."""
    talks: dict[str, list[int]] = defaultdict(list)
    tried: dict[str, dict[str, list[tuple[int, bool]]]] = defaultdict(lambda: defaultdict(list))
    for call in customers_of(calls):
        people = {
            who(call.caller),
            who(numbers.get(call.contact, "")),
            who(call.callee) if call.direction != "inbound" else "",
        }
        for one in people - {""}:
            talks[one] += [call.met_us] if call.met_us is not None else []
        caller = who(call.caller)
        if not caller or call.contact:
            continue
        talks[caller] += [stay.over_us or 0 for stay in call.stays if stay.outcome == "answered"]
        for name in {stay.queue for stay in call.stays}:
            mine = [stay for stay in call.stays if stay.queue == name]
            tried[name][caller].append(
                (min(one.joined_us for one in mine), any(one.outcome == "answered" for one in mine))
            )
        if call.stays:
            first = min(one.joined_us for one in call.stays)
            tried["all"][caller].append((first, any(one.outcome == "answered" for one in call.stays)))
    rows = {name: _customers(people, talks, cut, now_us) for name, people in tried.items()}
    return {name: row for name, row in rows.items() if row["callers"] or row["answered_calls"] or row["missed"]}


def _customers(people: dict[str, list[tuple[int, bool]]], talks: dict[str, list[int]], cut: Cut, now_us: int) -> Row:
    found: Counter[str] = Counter()
    for one, calls in people.items():
        calls.sort()
        days: dict[object, list[tuple[int, bool]]] = defaultdict(list)
        for at, answered in calls:
            days[cut.day(at)].append((at, answered))
            if answered and cut.holds(at):
                again = any(at < other <= at + WEEK_US for other, _ in calls)
                found["answered_calls"] += 1
                found["repeated"] += again
                found["pending"] += at + WEEK_US > now_us
                found["judged"] += at + WEEK_US <= now_us
                found["solved"] += at + WEEK_US <= now_us and not again
        for mine in days.values():
            if cut.holds(mine[0][0]):
                found["callers"] += 1
                found["first"] += mine[0][1]
            missed = [at for at, answered in mine if not answered]
            if missed and cut.holds(missed[-1]):
                found["missed"] += 1
                found["recovered"] += any(missed[-1] < at <= missed[-1] + WEEK_US for at in talks[one])
    return {
        **{name: found[name] for name in ("callers", "answered_calls", "repeated", "pending", "missed", "recovered")},
        "first_attempt_rate": ratio(found["first"], found["callers"]),
        "solved_proxy": ratio(found["solved"], found["judged"]),
        "residual": found["missed"] - found["recovered"],
        "recovery_rate": ratio(found["recovered"], found["missed"]),
    }


def redials(calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """Customers by the number of their attempts."""
    mine: dict[str, list[Called]] = defaultdict(list)
    for call in customers_of(calls):
        if call.direction == "inbound" and who(call.caller):
            mine[who(call.caller)].append(call)
    through: dict[int, list[float]] = defaultdict(list)
    gave_up: Counter[int] = Counter()
    for attempts in mine.values():
        attempts.sort(key=lambda call: (call.at_us, call.id))
        chain: list[Called] = []
        for call, after in zip(attempts, (*attempts[1:], None), strict=True):
            chain.append(call)
            if call.met_us is None and after is not None and after.at_us - call.end_us <= 600 * MICRO:
                continue
            if cut.holds(chain[0].at_us):
                rank = min(len(chain), 5)
                if call.met_us is None:
                    gave_up[rank] += 1
                else:
                    through[rank].append((call.met_us - chain[0].at_us) / MICRO)
            chain = []
    everybody = sum(map(len, through.values())) + gave_up.total()
    return {
        "5+" if rank == 5 else str(rank): {
            "got_through": len(through[rank]),
            "share": ratio(len(through[rank]), everybody),
            "median_s": _median(through[rank]),
            "gave_up": gave_up[rank],
        }
        for rank in range(1, 6)
    }


def _median(values: list[float]) -> float | None:
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return next((one for rank, one in enumerate(ordered, 1) if rank >= share * len(ordered) - 1e-9), None)


Pick = Callable[[Called], bool]


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The roots of (p - part/n)^2 = z^2 p (1 - p) / n (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    z2, share = 1.959963984540054**2, part / whole
    a, b, c = 1 + z2 / whole, 2 * share + z2 / whole, share**2
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return (b - root) / (2 * a), (b + root) / (2 * a)
