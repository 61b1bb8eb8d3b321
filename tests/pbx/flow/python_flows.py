"""Flows in plain Python, for tests."""

from __future__ import annotations

from typing import Any


async def greet_and_echo(call: Any) -> None:
    await call.answer()
    await call.say({"pl": "Cześć", "en": "Hello"})


def not_a_coroutine(call: Any) -> None:
    del call
