"""The end of a transfer as its transferor's phone sees it: first the last NOTIFY, then our BYE."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from pbx.call.transfer.referral import LAST_WORDS_S
from tests.pbx.call.test_transfer import Trio, refer, told, two_calls

LAST = b"SIP/2.0 200 OK\r\n"


class LostNotifies:
    """A link that loses the first `count` copies of the NOTIFY that tells of success."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, _from: Any, _to: Any, data: bytes) -> Sequence[float]:
        if data.startswith(b"NOTIFY") and data.endswith(LAST) and self.left:
            self.left -= 1
            return ()
        return (0.001,)


def said(trio: Trio, call_id: str) -> list[str]:
    """What the PBX sent to Anna in one dialog: "last" is the last NOTIFY, repeats count once."""
    names = []
    for sender, receiver, data in trio.world.net.wire:
        if (sender, receiver) == (trio.world.pbx.host, trio.anna.peer.host) and call_id.encode() in data:
            method = data.partition(b" ")[0].decode()
            name = "last" if method == "NOTIFY" and data.endswith(LAST) else method
            if name in ("last", "BYE") and name not in names:
                names.append(name)
    return names


@pytest.mark.parametrize("second", ["out", "in"])
@pytest.mark.parametrize("lost", [0, 1])
async def test_the_phone_hears_of_its_transfer_before_the_bye(second: str, lost: int) -> None:
    trio = await Trio().register()
    to_bob, to_carol = await two_calls(trio, "out", second)
    link = trio.world.net.link = LostNotifies(lost)
    refer(to_bob, "103", replaces=to_carol)
    await asyncio.sleep(5)
    assert link.left == 0
    assert told(trio.anna)[-1] == "SIP/2.0 200 OK"
    assert said(trio, to_bob.call_id) == ["last", "BYE"]
    assert to_bob.state == to_carol.state == "terminated"
    assert trio.heard_by(trio.bob) == {"127.15.1.3"}
    trio.bob.session.bye()
    await trio.world.settle()


async def test_a_phone_that_takes_no_notify_is_hung_up_on_soon() -> None:
    trio = await Trio().register()
    to_bob, to_carol = await two_calls(trio, "out", "out")
    trio.world.net.link = LostNotifies(1000)
    refer(to_bob, "103", replaces=to_carol)
    await asyncio.sleep(LAST_WORDS_S - 0.1)
    assert to_bob.state == "confirmed"
    assert trio.heard_by(trio.bob) == {"127.15.1.3"}  # nobody waits for that
    await asyncio.sleep(2.2)  # the transferor of a call in which it was called leaves later
    assert to_bob.state == "terminated"
    trio.bob.session.bye()
    await trio.world.settle()


async def test_a_blind_transfer_whose_phone_stays() -> None:
    """The last NOTIFY is lost for longer than the transferor is given to hang up by itself."""
    trio = await Trio().register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    dialog = trio.anna.session
    trio.world.net.link = LostNotifies(3)  # repeated after 0.5, 1.5 and 3.5 s
    refer(dialog, "103")
    await asyncio.sleep(8)
    assert said(trio, dialog.call_id) == ["last", "BYE"]
    assert told(trio.anna)[-1] == "SIP/2.0 200 OK"
    assert dialog.state == "terminated"
    trio.bob.session.bye()
    await trio.world.settle()
