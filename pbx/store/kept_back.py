"""Descriptors that SQLite keeps of connections that were closed.

A process that closes a descriptor of a file loses all of its locks on that file (POSIX, fcntl), those of other
connections too. So while one connection holds a lock, as the writer's does, SQLite lays the descriptor of a connection
that was closed aside, and gives it to the next one that opens the file in the same way (sqlite.org/src, os_unix.c,
"pUnused"). As many stay as readers were open at the same time: it is no leak, and does not grow.
"""

from __future__ import annotations

import os
from contextlib import suppress

from sqlalchemy.engine import URL

_OPEN = "/proc/self/fd"


def kept_back(url: URL) -> int:
    """How many descriptors of the SQLite database at `url` wait for the next reader; 0 for other databases.

    A connection that has read has the database and its write-ahead log open, a descriptor laid aside has no log.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return 0
    path = os.path.realpath(url.database)
    found: list[str] = []
    for name in os.listdir(_OPEN):
        with suppress(FileNotFoundError):  # the listing's own
            found.append(os.readlink(f"{_OPEN}/{name}"))
    return max(0, found.count(path) - found.count(f"{path}-wal"))
