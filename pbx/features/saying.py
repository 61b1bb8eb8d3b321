"""Helpers of what features say: numbers as digits, texts with a number in them, rendering for preloading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pbx.config import Language

Text = Mapping[str, str]  # by language


def digits(number: str) -> str:
    """A number as it is read out: digit by digit."""
    return " ".join(number.replace("+", "00"))


def fill(text: Text, **values: str) -> dict[str, str]:
    """`text` with its {names} filled in, in every language."""
    return {language: words.format(**values) for language, words in text.items()}


def spoken(texts: Iterable[Text], languages: Iterable[Language]) -> list[tuple[str, str]]:
    """(text, language) of every text without a blank, for preloading."""
    wanted = list(languages)
    return [(text[language], language) for text in texts for language in wanted if "{" not in text[language]]
