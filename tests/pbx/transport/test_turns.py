"""Connections take turns, and the loop has its own in between."""

from __future__ import annotations

import asyncio

from pbx.transport import stream
from pbx.transport.turns import Turns
from tests.pbx.transport.test_driver import Node, until
from tests.pbx.transport.test_tcp import connect, options


class Piecework:
    """Needs some steps; writes down when it had them."""

    def __init__(self, name: str, steps: int, log: list[str]) -> None:
        self.name, self.left, self.log = name, steps, log

    def step(self) -> bool:
        self.log.append(self.name)
        self.left -= 1
        return self.left > 0


async def test_everybody_gets_a_piece_before_anybody_gets_two() -> None:
    log: list[str] = []
    turns = Turns(asyncio.get_running_loop())
    for name, steps in (("a", 3), ("b", 1), ("c", 2)):
        turns.add(Piecework(name, steps, log))
    await asyncio.sleep(0.05)
    assert "".join(log) == "abcaca"
    turns.add(Piecework("d", 1, log))
    await asyncio.sleep(0.05)
    assert log[-1] == "d"


async def test_the_loop_goes_on_while_there_is_always_more() -> None:
    turns = Turns(asyncio.get_running_loop())
    greedy = Piecework("g", 1 << 60, [])
    turns.add(greedy)
    loop = asyncio.get_running_loop()
    for _ in range(10):
        began = loop.time()
        await asyncio.sleep(0.001)
        assert loop.time() - began < 0.5
    assert greedy.log
    greedy.left = 0


async def test_one_that_fails_does_not_stop_the_others() -> None:
    class Broken:
        def step(self) -> bool:
            raise ValueError("a bug")

    log: list[str] = []
    loop = asyncio.get_running_loop()
    failures: list[object] = []
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    turns = Turns(loop)
    turns.add(Broken())
    turns.add(Piecework("a", 2, log))
    await asyncio.sleep(0.05)
    assert log == ["a", "a"]
    assert len(failures) == 1


async def test_many_keep_alives_are_answered_together() -> None:
    async with Node() as node:
        reader, writer = await connect(node)
        writer.write(b"\r\n\r\n" * 10_000)
        await until(lambda: node.driver.stats.tcp.keepalives == 10_000)
        writer.write(options())
        data = b""
        while b"SIP/2.0 200" not in data:
            data += await asyncio.wait_for(reader.read(4096), 30)
        assert data.index(b"SIP/2.0") <= 2 * (4 * 10_000 // stream.PIECE + 20)
        writer.close()


async def test_what_came_before_the_end_is_still_done() -> None:
    async with Node() as node:
        _, writer = await connect(node)
        writer.write(b"".join(options(1, f"z9hG4bK{n}") for n in range(500)))
        writer.write_eof()
        await until(lambda: node.driver.stats.tcp.received == 500)
        writer.close()
