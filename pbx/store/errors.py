"""What can go wrong with the store, each with a remedy in its text."""

from __future__ import annotations


class StoreError(RuntimeError):
    """The store cannot do what was asked; the message names the database and the remedy."""


class StoreUnavailable(StoreError):
    """A durable intent could not be committed: it must not be acknowledged to anybody. The rows of calls are kept and
    retried.
    """


class StoreTaken(StoreError):
    """Another process has the database: this one must not write to it."""


def remedy_for(cause: str) -> str:
    """What to do about a transaction that the database refused."""
    if "full" in cause:
        return "free disk space"
    if "locked" in cause:
        return "end the program that holds a lock on it"
    if "readonly" in cause:
        return "make the file and its folder writable"
    return "see that the database can be reached and written"
