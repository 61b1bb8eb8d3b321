"""Numbers of dealers that visitors of the page uncover, and days on which the page showed a wrong number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pbx.demodata.agency import Source
from pbx.demodata.ids import id_of
from pbx.demodata.office import Call
from pbx.demodata.web import LINE, SITE, Seen
from pbx.tracking.guarding import GOOD
from pbx.tracking.visit import GuardReport, WebEvent

TAG = "dealers"  # of the numbers that are masked
OTHERS = 1.4  # reveals for each that is followed by a call
REVEALED = 0.8  # of the callers took the number from the page
PAGE = "https://shop.example/dealerzy"


class Fault:
    """From so many days before the end to so many, `verdict` on `page`; then it was mended, or still is not."""

    def __init__(self, begins: int, ends: int, page: str, verdict: str, shown: str) -> None:
        self.begins, self.ends = begins, ends
        self.page, self.verdict, self.shown = f"https://shop.example{page}", verdict, shown


FAULTS = (
    Fault(60, 52, "/kontakt", "truncated", "22 200 00"),
    Fault(20, 19, "/cennik", "overwritten", "22 100 00 00"),
    Fault(2, 0, "/promocja", "href_mismatch", "22 200 00 07"),
)
A_DAY = 6.0  # reports of a fault


def reveals(
    calls: Sequence[Call], sources: dict[str, Source], zero: float, random: np.random.Generator
) -> Iterator[WebEvent]:
    """Each uncovered number; of those who call some time before the call."""
    for number, call in enumerate(call for call in calls if not call.outbound):
        source = sources[call.number]
        if source.tag != TAG:
            continue
        dealer = source.campaign
        times = [-float(random.uniform(5, 90))] if random.random() < REVEALED else []
        times += random.uniform(-3000, 3000, random.poisson(OTHERS)).tolist()
        for which, shift_s in enumerate(times):
            key = f"reveal:{call.id}:{number}:{which}"
            at = zero + call.at + shift_s
            yield WebEvent(
                key, at, "reveal", SITE, f"{call.id[:24]}{which:08x}", f"dealer-{dealer}", dealer, source.did, PAGE
            )


def guarded(seen: Seen, left: int, random: np.random.Generator) -> Iterator[GuardReport]:
    """Reports of the page's faults; `left` days follow. On the day after the last one its page is right again."""
    leases = [lease for lease in seen.leases if lease.number]
    if not leases:
        return
    for fault in FAULTS:
        if not fault.ends - 1 <= left <= fault.begins:
            continue
        bad = left >= fault.ends
        for _ in range(1 + int(random.poisson(A_DAY)) if bad else 1):
            lease = leases[int(random.integers(len(leases)))]
            shown = fault.shown if bad else lease.number
            ident = id_of(lease.since, int(random.integers(4096)), int(random.integers(2**62)))
            href = f"tel:{'+48221000001' if fault.verdict == 'href_mismatch' and bad else lease.number}"
            told = (
                lease.visit,
                fault.page,
                LINE,
                "#phone",
                shown,
                lease.number,
                href,
                fault.verdict if bad else GOOD,
                "",
            )
            yield GuardReport(ident, lease.since + 1.0, SITE, *told)
