"""`python -m pbx.store.migrate`: brings the database of $CENTRALA_STORE_URL to the newest revision; a short-lived
process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from pbx.store.database import URL_VARIABLE

FOLDER = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> Config:
    """Alembic's configuration without a file: the folder beside this module and the database given."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def main() -> int:
    """Exit status 0 when the tables are the present ones; otherwise one line on stderr says why not."""
    url = os.environ.get(URL_VARIABLE, "")
    if not url:
        print(f"{URL_VARIABLE} is not set", file=sys.stderr)
        return 2
    try:
        command.upgrade(alembic_config(url), "head")
    except CommandError as error:
        print(
            f"{error}; the database was written by another version: install that one, or restore a backup",
            file=sys.stderr,
        )
        return 1
    except SQLAlchemyError as error:
        print(getattr(error, "orig", None) or error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
