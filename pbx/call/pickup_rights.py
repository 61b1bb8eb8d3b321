"""Whose ringing calls a phone may take: by a code, or by Replaces from a lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Extension


def may_pick_up(me: Extension, other: Extension | None) -> bool:
    """A phone without call groups is everybody's to pick up, one with them its pickup groups'."""
    return other is not None and (not other.call_groups or not set(me.pickup_groups).isdisjoint(other.call_groups))
