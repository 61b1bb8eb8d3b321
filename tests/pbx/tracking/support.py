"""A site with pools, and tracking without a database or a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbx.config import Config
from pbx.tracking.asking import read_page_ask
from pbx.tracking.attribution import Attributor
from pbx.tracking.callers import Callers
from pbx.tracking.desk import Desk
from pbx.tracking.figures import Figures
from pbx.tracking.places import place_of
from pbx.tracking.ports import Erased, Loaded, Window
from pbx.tracking.sessions import Sessions
from pbx.tracking.sizing import Sizing
from pbx.tracking.views import Views
from pbx.tracking.visit import GuardReport, Lease, PageView, PoolHour, Visit, WebEvent

T0 = 1_790_000_000.0
KEY = b"k" * 32
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
SITE = {
    "name": "shop",
    "key": "pk_shop12345678",
    "origins": ["https://shop.example"],
    "number": "+48221230000",
    "lines": {"service": "+48221230001"},
}


class MemoryStore:
    """A TrackingStore that keeps lists."""

    def __init__(self) -> None:
        self.visits: dict[str, Visit] = {}
        self.pages: list[PageView] = []
        self.leases: dict[tuple[str, str], Lease] = {}
        self.events: dict[str, WebEvent] = {}
        self.reports: list[GuardReport] = []
        self.hours: dict[tuple[str, int], PoolHour] = {}
        self.loaded = Loaded()

    async def load(self, window: Window) -> Loaded:
        return self.loaded

    def visit(self, visit: Visit) -> None:
        self.visits[visit.id] = visit

    def page(self, view: PageView) -> None:
        self.pages.append(view)

    def lease(self, lease: Lease) -> None:
        self.leases[lease.visit, lease.number] = lease

    def event(self, event: WebEvent) -> None:
        self.events[event.key] = event

    def guard(self, report: GuardReport) -> None:
        self.reports.append(report)

    def hour(self, hour: PoolHour) -> None:
        self.hours[hour.pool, hour.hour] = hour

    async def sweep(self, before: float) -> int:
        return 0

    async def forget(self, kind: str, subjects: Sequence[str], proof: str, by: str, at: float) -> Erased:
        return Erased(0, 0, frozenset())

    async def export(self, numbers: Sequence[str]) -> dict[str, Any]:
        return {}


def config(*, pool: int = 3, tracking: dict[str, Any] | None = None, **more: Any) -> Config:
    """A site whose own pool has `pool` numbers, +48221110001 and so on."""
    pools = [{"name": "main", "site": "shop", "first": "+48221110001", "last": f"+4822111{pool:04d}"}]
    values: dict[str, Any] = {
        "site_web": [SITE],
        "number_pool": pools if pool else [],
        "tracking": tracking or {},
        "trunk": [{"name": "carrier", "application": "echo"}],
        "numbering": {"country": "PL"},
    }
    return Config.model_validate(values | more)


class Bench:
    """The parts of tracking together; `now` is moved by hand."""

    def __init__(self, folder: Path, settings: Config | None = None, store: MemoryStore | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.config = settings or config()
        self.store = store or MemoryStore()
        self.now = T0
        tracking = self.config.tracking
        self.figures = Figures()
        self.desk = Desk(self.config, folder, self.store)
        self.desk.start(self.store.loaded.leases, self.store.loaded.wishes, self.now)
        self.sessions = Sessions(KEY, idle_s=tracking.session_idle_s, keep_s=4 * 3600, limit=tracking.max_sessions)
        self.sizing = Sizing(self.config, self.desk, self.store.hour)
        self.views = Views(self.config, self.desk, self.sessions, self.sizing, self.store, self.figures)
        self.callers = Callers(tracking.unique_days * 86_400, tracking.max_callers)
        self.attributor = Attributor(self.config, self.desk, self.views, self.callers)

    def view(
        self, page: str = "https://shop.example/", *, agent: str = BROWSER, address: str = "", **more: Any
    ) -> dict[str, Any]:
        """One page view; `consent` may be True."""
        if more.get("consent") is True:
            more["consent"] = {"tracking": True, "analytics": True, "ads": True}
        site = self.config.site_web[0]
        ask = read_page_ask({"page": page, **more}, consent_given=site.consent == "given")
        return self.views.view(site, ask, agent, self.now, place_of(address))

    def number(self, answer: dict[str, Any], line: str = "main") -> str:
        return str(answer["numbers"][line]["number"])

    def kind(self, answer: dict[str, Any], line: str = "main") -> str:
        return str(answer["numbers"][line]["kind"])
