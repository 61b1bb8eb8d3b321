"""The configuration as the PBX has it: the file, with the settings of the database over it. The PBX need not run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pbx.cli.console import data_dir, err, read_config

if TYPE_CHECKING:
    from pbx.config import Config
    from pbx.settings.history import Stored

KEY_FILE = "settings.key"


def effective_config(path: Path) -> Config:
    """The file alone where there is no database, or nothing was ever changed. What does not fit is told."""
    config = read_config(path).config
    stored = _stored(config)
    if not stored.rows:
        return config
    from pbx.app.checks import all_problems  # every feature: 0.3 s that the file alone does not need
    from pbx.settings.book import Book
    from pbx.settings.secrets import Seal

    file = data_dir(config) / KEY_FILE
    book = Book(config, Seal(file.read_bytes() if file.exists() else b""), all_problems)
    book.open(stored)
    for (section, key), why in book.aside.items():
        err.print(f"not in force: {section} {key}: {why}", style="yellow", markup=False, soft_wrap=True)
    return book.config


def _stored(config: Config) -> Stored:
    from sqlalchemy.exc import SQLAlchemyError

    from pbx.settings.history import Stored
    from pbx.store.database import database_url, reader_engine
    from pbx.store.errors import StoreError
    from pbx.store.settings import read_settings

    url = database_url(config)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return Stored(0, {})
    try:
        engine = reader_engine(url)
        try:
            with engine.connect() as connection:
                return read_settings(connection)
        finally:
            engine.dispose()
    except (SQLAlchemyError, StoreError):  # whoever needs the database says why it cannot be read
        return Stored(0, {})
