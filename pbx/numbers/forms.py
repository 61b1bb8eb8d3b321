"""The forms in which carriers want numbers written."""

from __future__ import annotations

import phonenumbers

from pbx.config import NumberForm
from pbx.numbers.plan import NumberPlan, parsed


def write(e164: str, form: NumberForm, country: str) -> str:
    """An E.164 number ("+48221234567") in a carrier's form; unchanged when it is none.

    "+e164" +48221234567 · "e164" 48221234567 · "00e164" 0048221234567 · "national" 221234567, foreign ones with 00 ·
    "local" as it is dialled in `country`: Russia 84951234567 and 81048221234567, Poland 221234567 and 0074951234567.
    """
    if e164[:1] != "+" or form in ("dialled", "+e164"):
        return e164
    digits = e164[1:]
    if form == "e164":
        return digits
    if form == "00e164":
        return f"00{digits}"
    number = parsed(e164)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country.upper(), None) if country else None
    if number is None or metadata is None:
        return f"00{digits}"
    if number.country_code != metadata.country_code:
        return f"{_international(metadata) if form == 'local' else '00'}{digits}"
    national = phonenumbers.national_significant_number(number)
    return f"{metadata.national_prefix or ''}{national}" if form == "local" else national


def rewrite(number: str, form: NumberForm, plan: NumberPlan) -> str:
    """`number`, as it was dialled, in a carrier's form; one that is no full number (a short code) stays as it is."""
    if form == "dialled":
        return number
    e164 = plan.e164(number)
    return write(e164, form, plan.country) if e164 else number


def _international(metadata: phonenumbers.PhoneMetadata) -> str:
    """The prefix of calls abroad: 00, in Russia 810."""
    preferred = metadata.preferred_international_prefix or metadata.international_prefix or "00"
    digits = "".join(mark for mark in preferred if mark.isdigit())
    return digits or "00"
