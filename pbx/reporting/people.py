"""Who called: one person a number, however it is written, and nobody where the number was withheld."""

from __future__ import annotations

from pbx.numbers.plan import NumberPlan


class People:
    """Tells callers apart. `country` (numbering.country) is whose way of writing numbers is understood; "": none."""

    def __init__(self, country: str = "") -> None:
        self._plan = NumberPlan(country)

    def who(self, number: str) -> str:
        """E.164 where the plan knows it ("+48600100200", "48600100200", "0048600100200" and "600100200" are one), an
        extension or a short code as it is; "" for words such as "anonymous", which are nobody's number.
        """
        if number[:1] == "+" and number[1:].isdigit():
            return number
        digits = "".join(mark for mark in number if mark.isdigit())
        if not digits:
            return ""
        return self._plan.e164(f"+{digits}" if number[:1] == "+" else digits) or digits
