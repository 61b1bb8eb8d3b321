"""Figures of millions of calls: records exported to Parquet by month, and read by DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class AnalyticsError(Exception):
    """It cannot be done; the text says what to do."""


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory, which asks nobody for anything. Raises AnalyticsError where the package is missing."""
    try:
        import duckdb
    except ImportError:
        raise AnalyticsError("DuckDB is not installed: pip install 'centrala[analytics]'") from None
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
