"""Whether a page is one of an origin: what a request says of its page is shown to people, who may open it."""

from __future__ import annotations


def is_page_of(page: str, origin: str) -> bool:
    """`page` is its whole address, `origin` the Origin header of the browser that shows it (RFC 6454)."""
    start = page[: len(origin)].lower()
    return bool(origin) and start == origin.lower() and page[len(origin) : len(origin) + 1] in ("", "/", "?", "#")
