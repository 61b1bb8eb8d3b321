"""How people of a country write their numbers: masks and lengths for forms (from the number plan's metadata)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType


class Mask(NamedTuple):
    """`mask` is a mobile number with # for each digit ("### ### ###"); `lengths` those of national numbers; `trunk`
    what is dialled in front of one at home; `example` is a number in E.164.
    """

    country: str
    prefix: str
    mask: str
    lengths: tuple[int, ...]
    trunk: str
    example: str


@cache
def mask_of(country: str) -> Mask | None:
    """None for what is no country of the plan."""
    code = country.upper()
    metadata = PhoneMetadata.metadata_for_region(code, None)
    example = phonenumbers.example_number_for_type(code, PhoneNumberType.MOBILE)
    if metadata is None or example is None:
        return None
    text = phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL).partition(" ")[2]
    lengths = {
        length
        for kind in (metadata.fixed_line, metadata.mobile)
        if kind is not None
        for length in kind.possible_length
        if length > 0
    }
    return Mask(
        code,
        str(example.country_code),
        "".join("#" if mark.isdigit() else mark for mark in text),
        tuple(sorted(lengths)),
        metadata.national_prefix or "",
        phonenumbers.format_number(example, PhoneNumberFormat.E164),
    )
