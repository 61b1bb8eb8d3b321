"""The whole command line, for who looks at all of it: tests, and the list of commands of the documentation."""

from __future__ import annotations

from pbx.cli.rooms import ROOMS, register
from pbx.cli.root import app

__all__ = ["app"]
register(list(ROOMS))
