"""What stands above figures whose calls were made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection, select

from pbx.store import schema

if TYPE_CHECKING:
    from pbx.config import Language

TEXTS: dict[Language, str] = {
    "en": "DEMO DATA: made-up calls of {days} days from {first} on, seed {seed}",
    "pl": "DEMO DATA: dane demonstracyjne, zmyślone połączenia z {days} dni od {first}, ziarno {seed}",
    "ru": "DEMO DATA: демонстрационные данные, выдуманные звонки за {days} дней начиная с {first}, зерно {seed}",
}


def demo_note(connection: Connection, language: Language = "en") -> str:
    """ "" for a database of real calls."""
    note = connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == schema.META_DEMO)).scalar()
    return TEXTS[language].format(**orjson.loads(note)) if note else ""
