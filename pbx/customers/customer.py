"""A customer: what is known of whoever calls from one of his numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

MAX_NUMBERS = 20
MAX_TAGS = 20
MAX_TEXT = 200
MAX_NOTE = 1000
TAIL = 9  # digits at a number's end that tell it within a country


@dataclass(slots=True, frozen=True)
class Customer:
    """`id` is the key of the customer's row in the company's own books, or else his first number."""

    id: str
    numbers: tuple[str, ...]  # E.164
    name: str = ""
    language: str = ""  # "pl", "ru", "en" or ""
    vip: bool = False
    tags: tuple[str, ...] = ()
    agent: str = ""  # extension of the agent who knows him
    note: str = ""
    pin: str = ""  # hashed (pbx.call.pins); never shown

    def row(self) -> dict[str, Any]:
        """For people."""
        return {
            "id": self.id,
            "numbers": list(self.numbers),
            "name": self.name,
            "language": self.language,
            "vip": self.vip,
            "tags": list(self.tags),
            "agent": self.agent,
            "note": self.note,
            "has_pin": bool(self.pin),
        }


class CustomerStore(Protocol):
    """What the book needs of a store; every method raises what the store raises."""

    async def by_number(self, number: str, tail: str) -> tuple[Customer | None, bool]:
        """Whose number it is, and whether it was found whole; by its last digits only if just one customer has them."""
        ...

    async def called_before(self, numbers: Sequence[str], call_id: str) -> bool:
        """Whether a call other than `call_id` came from one of these numbers."""
        ...

    async def put(self, customers: Sequence[Customer], batch: str) -> None:
        """Adds them, or puts them in place of those with the same id; numbers go to who came last. All or nothing."""
        ...

    async def retain(self, batch: str) -> int:
        """Takes out all that came in another batch; returns how many."""
        ...

    async def remove(self, number: str) -> bool: ...
    async def search(self, text: str, tag: str, limit: int) -> list[Customer]: ...
    async def set_pin(self, number: str, hashed: str) -> bool: ...
    async def count(self) -> int: ...


class CustomerError(ValueError):
    """A customer cannot be taken; the text says why."""


def tail_of(e164: str) -> str:
    """The end of a number that stays the same however its beginning is written."""
    return e164[-TAIL:]


def read_customer(row: Mapping[str, Any]) -> Customer:
    """A customer from JSON. Raises CustomerError."""
    numbers = row.get("numbers")
    if not isinstance(numbers, list) or not 0 < len(numbers) <= MAX_NUMBERS:
        raise CustomerError(f"a customer has 1 to {MAX_NUMBERS} numbers")
    if not all(isinstance(number, str) and _is_e164(number) for number in numbers):
        raise CustomerError("numbers are E.164, such as +48600100200")
    language = _text(row, "language", 2)
    if language not in ("", "pl", "ru", "en"):
        raise CustomerError(f"language {language!r} is none of pl, ru, en")
    tags = row.get("tags") or []
    if not isinstance(tags, list) or len(tags) > MAX_TAGS or not all(isinstance(tag, str) for tag in tags):
        raise CustomerError(f"tags are at most {MAX_TAGS} words")
    return Customer(
        id=_text(row, "id", MAX_TEXT) or numbers[0],
        numbers=tuple(dict.fromkeys(numbers)),
        name=_text(row, "name", MAX_TEXT),
        language=language,
        vip=bool(row.get("vip")),
        tags=tuple(dict.fromkeys(tag.strip().casefold()[:MAX_TEXT] for tag in tags if tag.strip())),
        agent=_text(row, "agent", 64),
        note=_text(row, "note", MAX_NOTE),
    )


def _is_e164(number: str) -> bool:
    return number[:1] == "+" and number[1:].isascii() and number[1:].isdigit() and 5 <= len(number) <= 16


def _text(row: Mapping[str, Any], name: str, longest: int) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str) or len(value) > longest:
        raise CustomerError(f"{name} is a text of at most {longest} characters")
    return "".join(mark for mark in value if mark.isprintable()).strip()
