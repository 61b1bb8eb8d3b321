"""What flows asked callers, and to whom they gave them: answers to surveys, calls of dealers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from pbx.events import Kind
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema
from pbx.store.encode import from_json

NONE = ""  # no answer


def surveys_sheet(connection: Connection, interval: Interval) -> Sheet:
    """Each answer of each question of the calls that began in the interval, with its share of those who answered."""
    answers: Counter[tuple[str, str, str]] = Counter()
    for data, *_ in _told(connection, interval, Kind.SURVEY_ANSWERED):
        answers[str(data["survey"]), str(data["question"]), str(data["answer"])] += 1
    asked: Counter[tuple[str, str]] = Counter()
    for (survey, question, answer), count in answers.items():
        asked[survey, question] += count if answer != NONE else 0
    sheet = Sheet(
        f"Surveys, {interval.label}",
        [
            Column("survey", "survey", Unit.TEXT),
            Column("question", "question", Unit.TEXT),
            Column("answer", "answer", Unit.TEXT),
            Column("count", "answers", formula="SURVEY"),
            Column("share", "share", Unit.SHARE, "SURVEY.ANSWERED"),
        ],
        notes="Share: of the callers who answered the question. Callers who pressed nothing have no share.",
    )
    for (survey, question, answer), count in sorted(answers.items()):
        share = count / asked[survey, question] if answer != NONE else None
        sheet.rows.append([survey, question, answer or "none", count, share])
    return sheet


@dataclass(slots=True)
class _Dealer:
    given: int = 0
    remembered: int = 0
    answered: int = 0
    talk_s: float = 0.0


def dealers_sheet(connection: Connection, interval: Interval) -> Sheet:
    """Calls given to each dealer in the interval, and how many he talked in: the last one chosen in a call has it."""
    dealers: dict[str, _Dealer] = {}
    last: dict[str, tuple[str, float]] = {}
    for data, call_id, talk_s, _ in _told(connection, interval, Kind.DEALER_CHOSEN):
        name = str(data["dealer"])
        dealer = dealers.setdefault(name, _Dealer())
        dealer.given += 1
        dealer.remembered += data.get("by") == "memory"
        last[call_id] = name, talk_s
    for name, talk_s in last.values():
        dealers[name].answered += talk_s > 0
        dealers[name].talk_s += talk_s
    sheet = Sheet(
        f"Dealers, {interval.label}",
        [
            Column("dealer", "dealer", Unit.TEXT),
            Column("given", "given", formula="DEALER"),
            Column("remembered", "had him before", formula="DEALER.KNOWN"),
            Column("answered", "talked", formula="DEALER.TALKED"),
            Column("talk_s", "talk", Unit.SECONDS, "DEALER.TALKED", Measure.SUM),
        ],
        notes="Talk: of the calls whose last dealer he was. none: no dealer was open, of the region and able to sell.",
    )
    for name, dealer in sorted(dealers.items()):
        sheet.rows.append([name or "none", dealer.given, dealer.remembered, dealer.answered, dealer.talk_s])
    return sheet


def block_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each answer to a survey, and each dealer that was chosen; a call's talk is that of its last one."""
    for data, call_id, _, at_us in _told(connection, request.period, Kind.SURVEY_ANSWERED):
        answer = str(data["answer"])
        keys = {"survey": str(data["survey"]), "question": str(data["question"]), "answer": answer or "none"}
        marks: dict[str, Mark] = {"SURVEY": (True, None)}
        if answer != NONE:
            marks["SURVEY.ANSWERED"] = True, None
        yield Fact(at_us, call_id, keys, marks)
    chosen = list(_told(connection, request.period, Kind.DEALER_CHOSEN))
    last = {call_id: number for number, (_, call_id, _, _) in enumerate(chosen)}
    for number, (data, call_id, talk_s, at_us) in enumerate(chosen):
        marks = {"DEALER": (True, None), "DEALER.KNOWN": (data.get("by") == "memory", None)}
        if last[call_id] == number:
            marks["DEALER.TALKED"] = talk_s > 0, talk_s
        yield Fact(at_us, call_id, {"dealer": str(data["dealer"]) or "none"}, marks)


def _told(connection: Connection, interval: Interval, kind: Kind) -> Iterator[tuple[dict[str, Any], str, float, int]]:
    """What events of a kind said in the calls that began in the interval, in order, with the call, its talk in s, and
    when.
    """
    cdr, step = schema.cdrs.c, schema.journey.c
    query = (
        select(step.data, cdr.id, cdr.talk_s, step.at_us)
        .join(schema.cdrs, cdr.id == step.call_id)
        .where(cdr.started_us >= interval.start_us, cdr.started_us < interval.end_us, cdr.test == "")
        .where(step.kind == kind.value)
        .order_by(step.seq)
    )
    for data, call_id, talk_s, at_us in connection.execute(query):
        yield from_json(data), call_id, talk_s, at_us
