"""What reports refuse."""

from __future__ import annotations


class BadRequest(ValueError):
    """An unknown report, or a filter that it does not have; the text names the remedy."""
