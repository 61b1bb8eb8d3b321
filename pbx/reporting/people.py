"""Who called: one person a number, however it is written, and nobody where the number was withheld."""

from __future__ import annotations

from functools import cache

import phonenumbers
from sqlalchemy import ColumnElement, case, func, literal, literal_column

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


def written(e164: ColumnElement[str], country: str) -> list[ColumnElement[str]]:
    """The forms in which a call may have the number of a column, as SQL: +48600100200, 48600100200, 0048600100200, and
    where it is one of the country's, as it is dialled there.
    """
    digits = func.substr(e164, 2)
    forms: list[ColumnElement[str]] = [e164, digits, literal("00").concat(digits)]
    code, prefix = _dialled(country)
    if code:
        begin = f"+{code}"
        national = literal(prefix).concat(func.substr(e164, literal_column(str(len(begin) + 1))))
        forms.append(case((e164.startswith(begin), national), else_=e164))
    return forms


@cache
def _dialled(country: str) -> tuple[str, str]:
    """Calling code of a country, and what stands before a national number that is dialled in it."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country.upper(), None) if country else None
    return (str(metadata.country_code), metadata.national_prefix or "") if metadata is not None else ("", "")
