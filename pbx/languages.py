"""The languages that are spoken and written here."""

from __future__ import annotations

from typing import Literal

Language = Literal["pl", "ru", "en"]
