"""Which visits there are: the live ones, and those that are over and may still call. Ids and tokens of them."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2s

from pbx.ids import id_time, new_id
from pbx.tracking.visit import Visit

ID_CHARS = 32
TOKEN_CHARS = ID_CHARS + 24


class Sessions:
    """`on_end(visit)` is called once for each visit that is over. Instants are steady UTC seconds."""

    def __init__(
        self, key: bytes, *, idle_s: float, keep_s: float, limit: int, on_end: Callable[[Visit], None] = lambda _v: None
    ) -> None:
        self._key = key
        self.idle_s = idle_s
        self.keep_s = keep_s
        self.limit = limit
        self._on_end = on_end
        self.live: OrderedDict[str, Visit] = OrderedDict()  # the one longest without a sign first
        self.over: OrderedDict[str, Visit] = OrderedDict()
        self._of_visitor: dict[tuple[str, str], Visit] = {}

    def load(self, visits: Iterable[Visit], now: float) -> None:
        """In the order of their last sign."""
        for visit in visits:
            if visit.ended or visit.seen + self.idle_s <= now:
                visit.ended = True
                self.over[visit.id] = visit
            else:
                self.add(visit)

    @property
    def full(self) -> bool:
        return len(self.live) >= self.limit

    def add(self, visit: Visit) -> None:
        self.live[visit.id] = visit
        if visit.visitor:
            self._of_visitor[visit.site, visit.visitor] = visit

    def touch(self, visit: Visit, now: float) -> None:
        """A sign of life."""
        visit.seen = now
        if visit.id in self.live:
            self.live.move_to_end(visit.id)

    def find(self, visit: str) -> Visit | None:
        """Live or over."""
        return self.live.get(visit) or self.over.get(visit)

    def of_visitor(self, site: str, visitor: str) -> Visit | None:
        """His live visit."""
        return self._of_visitor.get((site, visitor))

    def know(self, visit: Visit, visitor: str) -> None:
        """Consent was given: the visit has a visitor; "": it was taken back."""
        if self._of_visitor.get((visit.site, visit.visitor)) is visit:
            del self._of_visitor[visit.site, visit.visitor]
        visit.visitor = visitor
        if visitor and visit.id in self.live:
            self._of_visitor[visit.site, visitor] = visit

    def end(self, visit: Visit) -> None:
        """The visit is over; another of the same visitor may begin."""
        if self.live.pop(visit.id, None) is None:
            return
        visit.ended = True
        if self._of_visitor.get((visit.site, visit.visitor)) is visit:
            del self._of_visitor[visit.site, visit.visitor]
        self.over[visit.id] = visit
        self._on_end(visit)

    def expire(self, now: float, most: int = 2000) -> int:
        """Ends at most `most` visits that are idle, and forgets old ones; returns how many ended."""
        count = 0
        while self.live and count < most:
            visit = next(iter(self.live.values()))
            if visit.seen + self.idle_s > now:
                break
            self.end(visit)
            count += 1
        for _ in range(most):
            if not self.over:
                break
            visit = next(iter(self.over.values()))
            if visit.seen + self.keep_s > now and len(self.over) <= 2 * self.limit:
                break
            del self.over[visit.id]
        return count

    def forget(self, visits: set[str]) -> None:
        for name in visits:
            visit = self.live.pop(name, None) or self.over.pop(name, None)
            if visit is not None and self._of_visitor.get((visit.site, visit.visitor)) is visit:
                del self._of_visitor[visit.site, visit.visitor]

    # -- tokens ---------------------------------------------------------------------------------------------------

    def token(self, visit: str) -> str:
        """Who has it may speak for the visit; it outlives the process."""
        return visit + self._seal(visit)

    def read(self, token: object) -> str:
        """The visit's id; "" for what we did not make."""
        if not isinstance(token, str) or len(token) != TOKEN_CHARS or not token.isascii():
            return ""
        visit = token[:ID_CHARS]
        return visit if hmac.compare_digest(token[ID_CHARS:], self._seal(visit)) else ""

    def _seal(self, visit: str) -> str:
        return blake2s(visit.encode(), key=self._key, digest_size=12).hexdigest()


def is_id(text: object) -> bool:
    """Whether it has the form of our ids."""
    return isinstance(text, str) and len(text) == ID_CHARS and all(mark in "0123456789abcdef" for mark in text)


def new_visit_id(now: float) -> str:
    return new_id(now)


def age_s(visit: str, now: float) -> float:
    """Seconds since the id was made."""
    return now - id_time(visit)
