"""The number plan: what a dialled or received string of digits means as E.164, and what kind of number it is."""

from __future__ import annotations

from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

MAX_DIGITS = 32  # of what is looked at; E.164 has 15, prefixes come before them
CACHE = 8192

_KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


class NumberInfo(NamedTuple):
    """What a plan tells of a number: ISO 3166 country ("" for none, such as +800), and its kind ("mobile"...)."""

    country: str
    kind: str


NOTHING = NumberInfo("", "")


class NumberPlan:
    """Reads numbers as people of `country` (ISO 3166, "" for no country) dial them. Answers are cached."""

    def __init__(self, country: str = "") -> None:
        self.country = country.upper()
        self._e164: dict[str, str] = {}
        self._info: dict[str, NumberInfo] = {}

    def e164(self, number: str) -> str:
        """`number` as "+48221234567"; "" when it is no full number: short codes, extensions, words.

        Read in this order: with "+", as it is dialled in the country (with its prefixes 00, 8, 810...), and as digits
        that begin with a country code, as some carriers send them.
        """
        found = self._e164.get(number)
        if found is None:
            if len(self._e164) >= CACHE:
                self._e164.clear()
            found = self._e164[number] = self._read(number)
        return found

    def info(self, e164: str) -> NumberInfo:
        """Country and kind of an E.164 number; empty for anything else."""
        found = self._info.get(e164)
        if found is None:
            if len(self._info) >= CACHE:
                self._info.clear()
            found = self._info[e164] = info_of(e164)
        return found

    def _read(self, number: str) -> str:
        digits = number.removeprefix("+")
        if not digits.isascii() or not digits.isdigit() or len(digits) > MAX_DIGITS:
            return ""
        if number[:1] == "+":
            return _valid(number, None)
        if self.country:
            found = _valid(number, self.country)
            if found:
                return found
        if number[:2] == "00":
            return _valid(f"+{number[2:]}", None)
        return _valid(f"+{number}", None, strict=True) if self.country else ""


def is_country(country: str) -> bool:
    """Whether numbering plans know `country` (ISO 3166, two letters)."""
    return country.upper() in phonenumbers.SUPPORTED_REGIONS


def mobile_example(country: str) -> str:
    """A mobile number of `country` as E.164; "" for a country that has none."""
    found = phonenumbers.example_number_for_type(country.upper(), PhoneNumberType.MOBILE)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) if found is not None else ""


def parsed(e164: str) -> PhoneNumber | None:
    """The parsed form of an E.164 number; None when it is none."""
    try:
        return phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None


def _valid(number: str, country: str | None, *, strict: bool = False) -> str:
    try:
        found = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return ""
    # A plan may be older than a range that was opened since: with "+" a number of the right length is believed.
    believed = not strict and country is None and phonenumbers.is_possible_number(found)
    if not believed and not phonenumbers.is_valid_number(found):
        return ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def info_of(e164: str) -> NumberInfo:
    """Country and kind of an E.164 number, not remembered; empty for anything else."""
    if e164[:1] != "+":
        return NOTHING
    found = parsed(e164)
    if found is None:
        return NOTHING
    country = phonenumbers.region_code_for_number(found) or ""
    if country == "001":
        country = ""
    return NumberInfo(country, _KINDS.get(phonenumbers.number_type(found), ""))
