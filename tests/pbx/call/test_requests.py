"""The table of methods outside a dialog: who registers is asked, with the account that the credentials name."""

from typing import Any

import pytest

from pbx.call.requests import Requests
from tests.pbx.call.sip_world import DOMAIN, World


async def test_a_handler_gets_only_authenticated_requests() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    asked: list[tuple[str, str]] = []

    def handler(transaction: Any, request: Any, source: Any, account: str) -> None:
        asked.append((request.method, account))
        transaction.respond(204)

    requests = world.service.requests = Requests(world.service.authenticator, world.services.counters)
    requests.register("OPTIONS", handler)
    assert (await anna.request("OPTIONS", f"sip:{DOMAIN}", auth=False)).status == 401
    assert (await anna.request("OPTIONS", f"sip:{DOMAIN}", user="102")).status == 403
    assert not asked
    assert world.services.counters.forbidden == 1
    assert (await anna.request("OPTIONS", f"sip:{DOMAIN}")).status == 204
    assert asked == [("OPTIONS", "101")]
    await world.settle()


async def test_what_nobody_took_is_refused_by_what_we_know_of_it() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    known = await anna.request("INFO", f"sip:{DOMAIN}", auth=False)
    assert known.status == 405
    assert "REGISTER" in (known.header("Allow") or "")
    assert (await anna.request("BREW", f"sip:{DOMAIN}", auth=False)).status == 501
    assert (await anna.request("BYE", f"sip:{DOMAIN}", auth=False)).status == 481
    await world.settle()


async def test_a_method_has_one_handler() -> None:
    world = World()
    with pytest.raises(ValueError, match="REGISTER"):
        world.service.requests.register("REGISTER", lambda *_: None)
