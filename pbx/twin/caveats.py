"""What must be said beside figures from somebody else's calls: what the source leaves out, and what that does."""

from __future__ import annotations

from pbx.twin.fitting import LEAST, Fit

FEW_DAYS = 14


def caveats(found: Fit) -> list[str]:
    """Sentences, the weightiest first."""
    said = []
    if found.answered == found.calls and found.calls >= LEAST:
        said.append(
            "The source lists answered calls alone: who found the line busy or gave up is not in it, so that more "
            "people call than these figures say. Ask the operator for the unanswered ones."
        )
    if found.unknown_way:
        said.append(
            f"Without a direction, and taken as calls in: {found.unknown_way:,}. Name our numbers by --own, or the "
            "column by --column way=..."
        )
    if found.patience_s is None:
        said.append("Nobody's wait is told: patience is an assumption, and with it who gives up and how many agents.")
    elif found.gave_up < LEAST:
        said.append(f"The patience is told by {found.gave_up} who gave up: its range is wide.")
    if found.short_s:
        said.append(
            f"Nobody gives up before {found.short_s:.0f} s: the source leaves those calls out. The patience is of "
            "those who waited longer; more people rang than are counted."
        )
    if found.rounded_s:
        said.append(
            f"All talks are whole steps of {found.rounded_s} s: they are rounded up. Their mean was put right by half "
            "a step, and can still be a few seconds off."
        )
    if found.unnumbered:
        said.append(f"Calls that hide their number: {found.unnumbered:,}; whether they rang again is not known.")
    if found.silent_days:
        said.append(
            f"{found.silent_days} days within the span have no call at all, where others of their weekday have many: "
            "holidays, or is a file missing? They are part of the averages."
        )
    if found.days < FEW_DAYS:
        said.append(f"A span of {found.days} d says little of an average week: give a month or more.")
    return said
