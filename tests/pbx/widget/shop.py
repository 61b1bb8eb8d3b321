"""A shop whose pages have the widget, in front of a company that calls back; in virtual time."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import httpx
from starlette.applications import Starlette

from pbx.api.client_address import ClientAddress
from pbx.api.widget_web import widget_web_routes
from pbx.call.keeping import MemoryKeeper
from pbx.contact.keeping import MemoryContacts
from pbx.widget.desk import SiteDesk
from pbx.widget.keeping import MemoryWidgets
from pbx.widget.ports import WidgetRow
from pbx.widget.service import WidgetService
from pbx.widget.states import Shown
from pbx.widget.wish import Visitor, Wish
from tests.pbx.callback.world import JAN, World

KEY = "pk_shop12345678"
ORIGIN = "https://shop.example"
SITE = {
    "name": "shop",
    "key": KEY,
    "origins": [ORIGIN, "https://*.shop.example"],
    "number": "+48221230000",
    "language": "en",
}
WIDGET = {"enabled": True, "departments": [{"queue": "sales"}], "work_bits": 4}
SECRET = b"s" * 32


class Shop:
    """`world` has the agents; `store`, `keeper` and `contacts` of another shop make it a restart."""

    def __init__(
        self,
        agents: dict[str, dict[str, Any]] | None = None,
        *,
        widget: dict[str, Any] | None = None,
        store: MemoryWidgets | None = None,
        keeper: MemoryKeeper | None = None,
        contacts: MemoryContacts | None = None,
        queue: dict[str, Any] | None = None,
        **config: Any,
    ) -> None:
        site = {**SITE, "widget": {**WIDGET, **(widget or {})}}
        self.keeper = keeper or MemoryKeeper()
        queue = {"wait_after_calls": 0, **(queue or {})}
        self.world = World(agents, store=contacts, keeper=self.keeper, queue=queue, site_web=[site], **config)
        self.world.services.keeper = self.keeper
        self.store = store or MemoryWidgets()
        self.service = WidgetService(self.world.services, self.store, SECRET)

    async def start(self) -> Shop:
        await self.world.start()
        await self.service.start()
        return self

    async def close(self) -> None:
        await self.service.stop()
        await self.world.close()

    @property
    def desk(self) -> SiteDesk:
        found = self.service.desk(KEY)
        assert found is not None
        return found

    def page(self, lang: str = "en", address: str = "192.0.2.1") -> dict[str, Any]:
        return self.service.page(self.desk, lang, address)

    def body(self, number: str = JAN, address: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
        """A whole request, its work done."""
        page = self.page(address=address)
        department = page["departments"][0]
        work = page["work"]
        counter = next(count for count in range(1 << 24) if done(f"{work['challenge']}:{number}:{count}", work["bits"]))
        return {
            "site": KEY,
            "id": secrets.token_hex(16),
            "number": number,
            "queue": department["queue"],
            "offer": department["offer"],
            "consent": {"version": page["consent"]["version"], "given": True},
            "page": f"{ORIGIN}/shoes",
            "lang": "en",
            "work": {"challenge": work["challenge"], "counter": counter},
            **more,
        }

    async def ask(self, number: str = JAN, address: str = "192.0.2.1", **more: Any) -> tuple[str, Shown]:
        wish = Wish.model_validate(self.body(number, address, **more))
        return await self.service.request(self.desk, wish, Visitor(ORIGIN, address, "Browser/1"))

    async def row(self, token: str) -> WidgetRow:
        found = await self.service.of_token(token)
        assert found is not None
        return found

    async def state(self, token: str) -> str:
        return (await self.service.state(await self.row(token))).state

    def web(self) -> httpx.AsyncClient:
        """HTTP without a socket."""
        app = Starlette(routes=list(widget_web_routes(self.service, ClientAddress(()))))
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 4711))
        return httpx.AsyncClient(transport=transport, base_url="http://pbx", headers={"origin": ORIGIN})


def done(text: str, bits: int) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> (32 - bits) == 0
