"""Reports of the number guard: pages on which the number is wrong, and the alarm about each of them.

Reports come from browsers of strangers, who may say what they like of the site's pages: one network raises a few alarms
an hour, so that nobody buries the true ones.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pbx.events import Alarm, NumberBad
from pbx.tracking.visit import GuardReport

MAX_ALARMS = 50  # pages with an alarm of their own; a broken template shows on every page of a site
MAX_PAGES = 5000
MAX_OF_PLACE = 5  # alarms that visitors of one network raise within an hour
HOUR_S = 3600.0
MAX_PLACES = 20  # of one page that are told apart: whoever posts names them as he likes
GOOD = "number_ok"

WORDS = {
    "truncated": "its last digits cannot be seen",
    "href_mismatch": "its link dials another number",
    "overwritten": "a script of the page writes another number over it",
    "blocked": "it could not be written",
}


class Guarding:
    """`publish` is the bus's. A page is bad from its first bad report to the next good one of the same place in it."""

    def __init__(self, publish: Callable[[object], None]) -> None:
        self._publish = publish
        self.bad: OrderedDict[tuple[str, str], dict[str, GuardReport]] = OrderedDict()  # site and page -> by place
        self._alarms: dict[tuple[str, str], str] = {}
        self._raised: OrderedDict[str, list[float]] = OrderedDict()  # by network: when

    def load(self, reports: list[GuardReport]) -> None:
        """At the start: pages whose last report was a bad one."""
        for report in reports:
            self._note_bad(report)

    def report(self, report: GuardReport, network: str = "") -> None:
        """Judges one report of a visitor in `network` (pbx.tracking.places); raises or ends the alarm of its page."""
        place = f"{report.line} {report.selector}"
        key = report.site, report.page
        if report.verdict != GOOD:
            known = self.bad.get(key, {})
            if place not in known and len(known) >= MAX_PLACES:
                return
            if place not in known or known[place].verdict != report.verdict:
                self._note_bad(report, network)
                self._publish(_event(report, active=True))
            return
        places = self.bad.get(key)
        if places is None or places.pop(place, None) is None:
            return
        self._publish(_event(report, active=False))
        if not places:
            del self.bad[key]
            self._clear(key, report)

    def _note_bad(self, report: GuardReport, network: str = "") -> None:
        key = report.site, report.page
        places = self.bad.setdefault(key, {})
        places[f"{report.line} {report.selector}"] = report
        if key not in self._alarms and len(self._alarms) < MAX_ALARMS and self._may(network, report.at):
            name = self._alarms[key] = f"number.bad:{report.site}:{_path(report.page)}"
            text = (
                f"{report.page} shows {report.shown!r} for {report.assigned}: {WORDS[report.verdict]}; look at "
                f"{report.selector or 'the number'} there, `centrala tracking guard` lists every such page"
            )
            self._publish(Alarm(name, text, True, report.at))
        if len(self.bad) > MAX_PAGES:
            old, _ = self.bad.popitem(last=False)
            self._clear(old, report)

    def _may(self, network: str, now: float) -> bool:
        """Whether a report of the network may raise an alarm; counts it. Where nobody knows it, it may."""
        if not network:
            return True
        times = [at for at in self._raised.get(network, ()) if now - at < HOUR_S]
        if len(times) >= MAX_OF_PLACE:
            return False
        self._raised[network] = [*times, now]
        self._raised.move_to_end(network)
        if len(self._raised) > MAX_PAGES:
            self._raised.popitem(last=False)
        return True

    def _clear(self, key: tuple[str, str], report: GuardReport) -> None:
        name = self._alarms.pop(key, "")
        if name:
            self._publish(Alarm(name, f"{key[1]} shows its number again", False, report.at))


def _event(report: GuardReport, *, active: bool) -> NumberBad:
    return NumberBad(
        report.site, report.page, report.line, report.verdict, report.shown, report.assigned, report.href,
        report.selector, report.user_agent, report.visit, active, report.at,
    )  # fmt: skip


def _path(page: str) -> str:
    return page.partition("://")[2].partition("?")[0][:100]
