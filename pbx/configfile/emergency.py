"""Which emergency numbers a configuration means."""

from __future__ import annotations

from pbx.config import Config

# Numbers that are always connected, by country: European and mobile 112, and what each country dials besides.
BY_COUNTRY = {
    "PL": ("112", "997", "998", "999"),
    "RU": ("112", "101", "102", "103", "104"),
    "GB": ("112", "999"),
    "US": ("911",),
}
EVERYWHERE = ("112",)


def numbers_of(config: Config) -> tuple[str, ...]:
    """Those that are listed, else those of the country; 112 where none are known."""
    given = config.emergency.numbers
    return tuple(given) if given is not None else BY_COUNTRY.get(config.numbering.country.upper(), EVERYWHERE)
