"""A whole PBX in this process, with a company in its configuration and calls of the past in its database. It listens on
loopback addresses of its own, and nobody calls it.
"""

from __future__ import annotations

import os
import wave
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import insert

from pbx.app.pbx import Pbx
from pbx.configfile.load import load
from pbx.events import CallEvent, Kind
from pbx.store import schema
from pbx.store.database import database_url, prepare, writer_engine
from pbx.store.encode import json_text, micros
from pbx.store.rebuild import rebuild
from tests.support.journeys import T0, Journey, abandoned, answered

RECORDED = f"{1:032x}"  # a call with a recording of two seconds
TEXT = """
[server]
data_dir = "{data}"
language = "en"

[sip]
listen = ["udp:{host}:0"]

[media]
listen = "{host}"
realtime = false
port_min = 30000
port_max = 30999

[numbering]
country = "PL"

[callback]
enabled = true

[sms]
enabled = true

[[sms.gateway]]
name = "carrier"
kind = "smpp"
host = "{host}:2775"
system_id = "house"
password = "secret"
sender = "House"

[[sms.template]]
name = "order"
text = {{ en = "Your order {{order}} is on its way." }}

[[trunk]]
name = "carrier"
host = "{host}:5070"

[[route]]
match = "+"
trunk = "carrier"

[[number]]
number = "+48221234567"
application = "queue:sales"
trunks = ["carrier"]
tag = "web"

[[parking]]
name = "lot"
slots = "701-705"

[[room]]
name = "board"

[[queue]]
name = "sales"
agents = ["101", "102"]

[[queue]]
name = "service"
agents = ["103"]

[[team]]
name = "gold"
members = ["101", "102"]

[[break_reason]]
name = "lunch"
code = "1"

[[agent]]
extension = "101"
name = "Ann"

[[extension]]
number = "150"
secret = "secret-of-150"
supervisor = true

[[voicemail]]
name = "101"
extension = "101"

[[selftest]]
name = "line"
number = "+48221234567"
caller = "101"

[[flow]]
name = "hotline"
start = "hello"

[flow.block.hello]
kind = "say"
text = "Good morning."
next = "sales"

[flow.block.sales]
kind = "queue"
queue = "sales"
"""
# More than tests ask for.
LISTEN = """
[http]
listen = "{host}:0"

[api]
requests_per_s = 100000
burst = 1000000
anonymous_per_s = 100000
anonymous_burst = 1000000
"""
QUIET = """
[http]
listen = ""
"""
EXTENSION = """
[[extension]]
number = "{number}"
secret = "secret-of-{number}"
outbound = true
"""


def past() -> list[list[CallEvent]]:
    """Calls of every kind; the first of them has a recording."""
    first = answered(1)
    path = "2026/09/21/" + RECORDED + ".wav"
    taped = Journey(1, T0).at(7).add(Kind.RECORDING_STARTED, recording=RECORDED, path=path)
    taped.at(69).add(Kind.RECORDING_ENDED, recording=RECORDED, path=path, duration_s=2.0)
    lost = [abandoned(number, start=T0 + number * 60) for number in range(2, 6)]
    others = [answered(number, start=T0 + number * 60, queue="service") for number in range(6, 9)]
    return [[*first[:-1], *taped.events, first[-1]], *lost, *others]


def write_past(folder: Path, url: object, journeys: Iterable[Sequence[CallEvent]]) -> None:
    """The database and the recordings as if all of it had happened."""
    prepare(url)  # type: ignore[arg-type]
    engine = writer_engine(url)  # type: ignore[arg-type]
    names = [column.name for column in schema.journey.columns]
    rows = [
        (seq, event.call_id, micros(event.at), str(event.kind.value), event.leg, json_text(event.data))
        for seq, event in enumerate((event for journey in journeys for event in journey), 1)
    ]
    with engine.begin() as connection:
        connection.execute(insert(schema.journey), [dict(zip(names, row, strict=True)) for row in rows])
        rebuild(connection, zone="Europe/Warsaw")
    engine.dispose()
    file = folder / "recordings" / "2026/09/21" / (RECORDED + ".wav")
    file.parent.mkdir(parents=True, mode=0o700)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(bytes(range(256)) * 250)


@asynccontextmanager
async def house(folder: Path, more: str = QUIET) -> AsyncIterator[Pbx]:
    """The PBX, running; `more` is TOML that is added to its configuration."""
    host = f"127.16.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250 + 1}"
    text = TEXT.format(data=folder / "data", host=host)
    text += "".join(EXTENSION.format(number=number) for number in ("101", "102", "103"))
    file = folder / "house.toml"
    file.write_text(text + more.replace("{host}", host), encoding="utf-8")
    config = load(file, {}).config
    write_past(folder / "data", database_url(config), past())
    app = Pbx(config)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()
