"""The composition root: builds the PBX from its layers, starts them in order, stops them in reverse."""

from pbx.app.run import run

__all__ = ["run"]
