"""English nouns: singular and plural."""

from __future__ import annotations

from pbx.language.grammar import Noun, noun

ENGLISH: dict[str, Noun] = {
    singular: noun("n", singular, plural)
    for singular, plural in (
        ("second", "seconds"),
        ("minute", "minutes"),
        ("hour", "hours"),
        ("day", "days"),
        ("week", "weeks"),
        ("month", "months"),
        ("year", "years"),
        ("person", "people"),
        ("customer", "customers"),
        ("agent", "agents"),
        ("call", "calls"),
        ("message", "messages"),
        ("order", "orders"),
        ("parcel", "parcels"),
        ("invoice", "invoices"),
        ("product", "products"),
        ("piece", "pieces"),
        ("request", "requests"),
        ("question", "questions"),
        ("attempt", "attempts"),
        ("visit", "visits"),
        ("place", "places"),
        ("point", "points"),
        ("metre", "metres"),
        ("kilometre", "kilometres"),
        ("kilogram", "kilograms"),
        ("percent", "percent"),
    )
}
