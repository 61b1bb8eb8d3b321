"""Two carriers and a phone that calls through them."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.config import Config
from tests.pbx.call.sip_world import BASIC, World
from tests.pbx.call.sip_world import Phone as WorldPhone

FIRST, SECOND = "127.15.3.1", "127.15.4.1"
CAROL = "127.15.1.3"


def trunks(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None, **more: Any) -> Config:
    """Two carriers that one route tries one after the other."""
    tables: dict[str, Any] = {
        "trunk": [
            {"name": "first", "host": FIRST, **(first or {})},
            {"name": "second", "host": SECOND, **(second or {})},
        ],
        "route": [{"match": "0", "trunks": ["first", "second"], "strip": 1}],
    }
    return Config.model_validate({**BASIC, **tables, **more})


def carrier(world: World, host: str = FIRST) -> WorldPhone:
    phone = world.phone("000", host, "")
    phone.secret = ""
    return phone


def reached(phone: WorldPhone) -> list[Any]:
    return [event[1] for event in phone.events if event[0] == "invite"]


async def talk(world: World, number: str, seconds: float = 3.0, host: str = CAROL) -> WorldPhone:
    carol = world.phone("103", host)
    carol.call(number)
    await asyncio.sleep(seconds)
    return carol


def with_extension(**more: Any) -> list[dict[str, Any]]:
    return [*BASIC["extension"][:2], {**BASIC["extension"][2], **more}]
