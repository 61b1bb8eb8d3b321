"""Amounts of money in words: dwadzieścia jeden złotych pięćdziesiąt groszy, двадцать один рубль, two pounds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from pbx.config_base import Language
from pbx.language.currencies import CURRENCIES
from pbx.language.decimals import MINUS
from pbx.language.grammar import Case
from pbx.language.words import GRAMMARS

SIGNS = {"PLN": {"pl": "zł"}, "RUB": {"ru": "руб."}}


def money(amount: Decimal, code: str, language: Language, case: Case = Case.NOMINATIVE) -> str:
    """An amount, rounded to hundredths; a part that is zero is left out unless both are."""
    units, hundredths = _split(amount)
    currency, counted = CURRENCIES[language][code], GRAMMARS[language].counted
    parts = []
    if units or not hundredths:
        parts.append(counted(units, currency.unit, case))
    if hundredths:
        parts.append(counted(hundredths, currency.hundredth, case))
    words = (" and " if language == "en" else " ").join(parts)
    return f"{MINUS[language]} {words}" if amount < 0 and (units or hundredths) else words


def money_written(amount: Decimal, code: str, language: Language) -> str:
    """The amount for the eye: 21,50 zł; 21.50 EUR."""
    units, hundredths = _split(amount)
    figures = f"{units}.{hundredths:02d}" if hundredths else str(units)
    if language != "en":
        figures = figures.replace(".", ",")
    return f"{'-' if amount < 0 else ''}{figures} {SIGNS.get(code, {}).get(language, code)}"


def _split(amount: Decimal) -> tuple[int, int]:
    cents = int((abs(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return divmod(cents, 100)
