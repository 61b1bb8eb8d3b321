"""A configuration on its way into a child process: pickled piece by piece, so that the loop is never held for long.

As a whole 10,000 extensions hold it for some 40 ms; a piece of a hundred entries is under a millisecond.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.config import Config


ENTRIES = 100  # of a list that go into one piece


def pieces(config: Config) -> Iterator[bytes]:
    """The sections without their long lists, then those in parts; between two of them other tasks may run. A
    configuration is replaced as a whole and never changed, so what was begun stays consistent."""
    long: dict[str, list[Any]] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, list) and len(value) > ENTRIES:
            long[name] = value
    yield pickle.dumps((config.model_copy(update={name: [] for name in long}), {n: len(v) for n, v in long.items()}))
    for value in long.values():
        for start in range(0, len(value), ENTRIES):
            yield pickle.dumps(value[start : start + ENTRIES])


def joined(stream: IO[bytes]) -> Config:
    """What `pieces` took apart, in the child."""
    config, lengths = pickle.load(stream)  # noqa: S301 - our own parent wrote it
    found: dict[str, list[Any]] = {}
    for name, length in lengths.items():
        found[name] = []
        while len(found[name]) < length:
            found[name] += pickle.load(stream)  # noqa: S301 - our own parent wrote it
    whole: Config = config.model_copy(update=found)
    return whole
