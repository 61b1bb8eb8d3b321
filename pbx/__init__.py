"""Centrala: the pure-Python layers above the media core."""

__version__ = "0.1.0"
