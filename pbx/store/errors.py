"""What can go wrong with the store, each with a remedy in its text."""

from __future__ import annotations


class StoreError(RuntimeError):
    """The store cannot do what was asked; the message names the database and the remedy."""


class StoreUnavailable(StoreError):
    """A durable intent could not be committed: it must not be acknowledged to anybody. The rows of calls are kept and
    retried.
    """
