"""What all tables belong to; a family of tables with a file of its own takes it from here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, MetaData, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
WHERE = "where"  # of an index, in its `info`
metadata = MetaData(naming_convention=NAMING)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows alone for which `where` holds.

    PostgreSQL is told when it makes the index: to name its option here reads its dialect, 0.07 s of every command.
    """
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, info={WHERE: condition})


@compiles(CreateIndex, "postgresql")
def _create_postgresql(element: CreateIndex, compiler: DDLCompiler, **options: Any) -> str:
    index = element.element
    if isinstance(index, Index) and WHERE in index.info:
        index.dialect_kwargs["postgresql_where"] = index.info[WHERE]
    made: str = compiler.visit_create_index(element, **options)  # type: ignore[no-untyped-call]
    return made
