"""Numbers as people of their country write them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import phonenumbers


class Written(NamedTuple):
    """`number` is what a tel: link gets."""

    number: str
    national: str
    international: str


@lru_cache(65_536)
def written(number: str) -> Written:
    """Of a number in E.164; another one is written as it is."""
    if number[:1] == "+":
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            return Written(number, number, number)
        form = phonenumbers.PhoneNumberFormat
        return Written(
            number,
            phonenumbers.format_number(parsed, form.NATIONAL),
            phonenumbers.format_number(parsed, form.INTERNATIONAL),
        )
    return Written(number, number, number)
