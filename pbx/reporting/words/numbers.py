"""Figures as they are written in a language: 1,234.5 or 1 234,5."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


CONTINENTAL = str.maketrans({",": "\u202f", ".": ","})  # a narrow space that does not break


def figure(text: str, language: Language) -> str:
    """`text` is a figure as English writes it."""
    return text if language == "en" else text.translate(CONTINENTAL)


def seconds(text: str, language: Language) -> str:
    """ "9.4 s" and "3:07"."""
    found = figure(text, language)
    return found.replace(" s", " с") if language == "ru" else found
