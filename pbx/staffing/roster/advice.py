"""What no plan can fulfil, person by person, and what to change: found in the document before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pbx.staffing.roster.document import FREE, Document, Person, Shape
from pbx.staffing.roster.need import Need
from pbx.staffing.words import ENGLISH, Say


def advice(document: Document, need: Need, say: Say = ENGLISH) -> list[str]:
    """A sentence for each contradiction, with its remedy."""
    return [
        *_wanted(document, say),
        *(line for person in document.person for line in _contract(document, person, say)),
        *(line for person in document.person for line in _rotation(document, need, person, say)),
        *(line for person in document.person for line in _wishes(document, need, person, say)),
    ]


def _wanted(document: Document, say: Say) -> Iterator[str]:
    for name, skill in document.skill.items():
        able = sum(name in one.skills for one in document.person)
        least = max(skill.least, 1 if skill.share else 0)
        if able < least:
            yield say("ask_skill" if able else "ask_skill_nobody", name=name, least=least, able=able)
    for name, office in document.office.items():
        there = sum(one.office == name for one in document.person)
        if there < office.least:
            yield say("ask_office", name=name, least=office.least, there=there)


def _able(document: Document, person: Person) -> list[Shape]:
    return [one for one in document.shape if not person.shapes or one.name in person.shapes]


def _contract(document: Document, person: Person, say: Say) -> Iterator[str]:
    contract, shapes = document.contract[person.contract], _able(document, person)
    shortest, longest = (choose(one.paid_minutes for one in shapes) / 60 for choose in (min, max))
    if shortest > contract.hours:
        given = {"contract": person.contract, "hours": contract.hours}
        yield say("ask_shorter", person=person.name, shortest=shortest, **given)
    elif contract.days_a_week * longest < contract.least - 0.01:
        most = f"{contract.days_a_week * longest:g}"  # of the document, whatever the language
        given = {"contract": person.contract, "least": contract.least, "days": contract.days_a_week}
        yield say("ask_days", person=person.name, longest=longest, most=most, **given)


def _rotation(document: Document, need: Need, person: Person, say: Say) -> Iterator[str]:
    able = {one.name for one in _able(document, person)}
    turns = {turn_of(document, person, when) for when in need.days} - {""}
    for turn in sorted(turns - able):
        yield say("ask_turn", person=person.name, team=person.team, turn=turn)


def turn_of(document: Document, person: Person, when: date) -> str:
    """The shape that his team's rotation allows in that week; "" for any."""
    team = document.team.get(person.team)
    if team is None or not team.rotate or team.rotate_from is None:
        return ""
    monday, first = (one - timedelta(days=one.weekday()) for one in (when, team.rotate_from))
    return team.rotate[(monday - first).days // 7 % len(team.rotate)]


def _wishes(document: Document, need: Need, person: Person, say: Say) -> Iterator[str]:
    shapes = {one.name: one for one in document.shape}
    for when, wish in person.wishes.items():
        if wish == FREE or when not in need.days:
            continue
        turn = turn_of(document, person, when)
        why = ""
        if when in person.away:
            why = "away"
        elif person.shapes and wish not in person.shapes:
            why = "shapes"
        elif f"{when:%a}".lower() not in shapes[wish].days:
            why = "days"
        elif turn and turn != wish:
            why = "turn"
        elif when in document.closed or not any(need.agents[(when - need.first).days]):
            why = "closed"
        if why:
            told = say(f"why_{why}", wish=wish, weekday=say.weekday(when), turn=turn, team=person.team)
            yield say("ask_wish", person=person.name, day=f"{when:%d.%m}", wish=wish, why=told)
