"""What no plan can fulfil, person by person, and what to change: found in the document before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pbx.staffing.roster.document import FREE, Document, Person, Shape
from pbx.staffing.roster.need import Need


def advice(document: Document, need: Need) -> list[str]:
    """A sentence for each contradiction, with its remedy."""
    return [
        *_wanted(document),
        *(line for person in document.person for line in _contract(document, person)),
        *(line for person in document.person for line in _rotation(document, need, person)),
        *(line for person in document.person for line in _wishes(document, need, person)),
    ]


def _wanted(document: Document) -> Iterator[str]:
    for name, skill in document.skill.items():
        able = sum(name in one.skills for one in document.person)
        least = max(skill.least, 1 if skill.share else 0)
        if able < least:
            yield (
                f"Skill {name}: {least} are wanted at a time and {able or 'nobody'} "
                f"{'have' if able > 1 else 'has'} it: add it to somebody's skills, or lower it."
            )
    for name, office in document.office.items():
        there = sum(one.office == name for one in document.person)
        if there < office.least:
            remedy = f"write office = {name!r} for somebody, or lower it"
            yield f"Office {name}: {office.least} are wanted and {there} belong to it: {remedy}."


def _able(document: Document, person: Person) -> list[Shape]:
    return [one for one in document.shape if not person.shapes or one.name in person.shapes]


def _contract(document: Document, person: Person) -> Iterator[str]:
    contract, shapes = document.contract[person.contract], _able(document, person)
    shortest, longest = (choose(one.paid_minutes for one in shapes) / 60 for choose in (min, max))
    if shortest > contract.hours:
        yield (
            f"{person.name}: the shortest shift he can work has {shortest:g} h, contract {person.contract!r} "
            f"{contract.hours:g} h a week, so he gets none: add a shorter shape, or raise hours."
        )
    elif contract.days_a_week * longest < contract.least - 0.01:
        yield (
            f"{person.name}: {contract.days_a_week} days a week of {longest:g} h at most cannot fill the "
            f"{contract.least:g} h of contract {person.contract!r}: raise days_a_week, or write least_hours = "
            f"{contract.days_a_week * longest:g}."
        )


def _rotation(document: Document, need: Need, person: Person) -> Iterator[str]:
    able = {one.name for one in _able(document, person)}
    turns = {turn_of(document, person, when) for when in need.days} - {""}
    for turn in sorted(turns - able):
        yield (
            f"{person.name}: team {person.team!r} has the turn {turn!r}, which he cannot work, so he gets no shift in "
            f"that week: add {turn!r} to his shapes, or move him to another team."
        )


def turn_of(document: Document, person: Person, when: date) -> str:
    """The shape that his team's rotation allows in that week; "" for any."""
    team = document.team.get(person.team)
    if team is None or not team.rotate or team.rotate_from is None:
        return ""
    monday, first = (one - timedelta(days=one.weekday()) for one in (when, team.rotate_from))
    return team.rotate[(monday - first).days // 7 % len(team.rotate)]


def _wishes(document: Document, need: Need, person: Person) -> Iterator[str]:
    shapes = {one.name: one for one in document.shape}
    for when, wish in person.wishes.items():
        if wish == FREE or when not in need.days:
            continue
        turn = turn_of(document, person, when)
        why = ""
        if when in person.away:
            why = "he is away then: take the day out of away, or the wish out"
        elif person.shapes and wish not in person.shapes:
            why = f"his shapes do not hold it: add {wish!r} to them"
        elif f"{when:%a}".lower() not in shapes[wish].days:
            why = f"{wish!r} is not worked on {when:%A}s: add the day to its days"
        elif turn and turn != wish:
            why = f"his team's turn in that week is {turn!r}: take him out of team {person.team!r} for that week"
        elif when in document.closed or not any(need.agents[(when - need.first).days]):
            why = "nobody is needed on that day"
        if why:
            yield f"{person.name}'s wish of {when:%d.%m} ({wish}) cannot be met: {why}."
