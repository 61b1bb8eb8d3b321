"""Text as a page may hold it, whoever said it."""

from __future__ import annotations

from html import escape

from pbx.reporting.csv_text import plain


def written(text: str, *, quote: bool = True) -> str:
    """On one line, without control characters and marks that reverse its direction; nothing in it is markup, within an
    attribute either.
    """
    return escape(plain(text), quote=quote)
