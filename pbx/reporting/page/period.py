"""The page of a day or a longer period: what came, when, what became of it, and who was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from pbx.reporting import queries
from pbx.reporting.agents import Known, agents_sheet
from pbx.reporting.changes import hours_of
from pbx.reporting.figures import QueueFigures, add
from pbx.reporting.intervals import local
from pbx.reporting.opened.team import spans
from pbx.reporting.page.ahead import LATER, Ahead
from pbx.reporting.page.asked import MOST_DAYS, Asked
from pbx.reporting.page.behind import Links
from pbx.reporting.page.course import course
from pbx.reporting.page.dates import dates, written_day
from pbx.reporting.page.html import Page
from pbx.reporting.page.outcomes import callback_delays, promised_waits
from pbx.reporting.page.pictures import hold, when
from pbx.reporting.page.tables import some, table
from pbx.reporting.page.told import Seen, compared, told
from pbx.reporting.queue_sheet import queues_sheet
from pbx.reporting.recovery import Recovery, recovery
from pbx.reporting.recovery_sheet import recovery_sheet
from pbx.reporting.registry import sheets
from pbx.reporting.service_level import DEFAULT, Formula
from pbx.reporting.sheet import Sheet
from pbx.reporting.teams import teams_sheet
from pbx.reporting.trunk_sheet import trunks_sheet
from pbx.reporting.words import translate

ALWAYS = ("lost", "tools", "callbacks", "automatic", "campaigns")
SHORT_PERIODS = ("customers", "redials", "missed_money")

COUNTS = ("queue", "offered", "answered", "abandoned", "abandonment_rate", "adjusted_abandonment_rate", "flowed_out")
TIMES = (
    "queue",
    "answered",
    "asa_s",
    "longest_wait_s",
    "average_time_to_abandon_s",
    "aht_s",
    "average_talk_s",
    "average_wrapup_s",
)
LEVELS = ("queue", "offered", *(one.value for one in Formula))
AGENTS = (
    *("agent", "offers", "answered", "missed", "rona", "aht_s", "talk_s", "wrapup_s", "available_s"),
    *("occupancy", "utilisation"),
)
TEAMS = ("team", "agents", "offers", "rona", "lost_share", "answered", "aht_s", "talk_s", "occupancy", "utilisation")


def period_page(connection: Connection, asked: Asked, ahead: Ahead | None = None) -> str:
    """The HTML. `ahead` is what is read beside it (`reading`)."""
    ahead = ahead or Ahead(connection, asked)
    page = Page(asked.text("title", period=dates(asked.interval, asked.zone, asked.language)), asked.language)
    now = local(asked.now_us, asked.zone)
    made = f"{written_day(now.date(), asked.language)}, {now:%H:%M}"
    page.say(asked.text("made", now=made, zone=asked.zone.key), "lead")
    if asked.demo:
        page.say(asked.demo, "demo")
    figures = queries.queue_figures(connection, asked.interval, asked.thresholds)
    hours = hours_of(connection, asked.interval, asked.zone, asked.thresholds)  # while that is read beside it:
    missed = recovery(connection, asked.interval, asked.zone)
    names = (*ALWAYS, *(SHORT_PERIODS if asked.days <= MOST_DAYS else ()))
    others = {name: sheets(connection, name, asked.request()) for name in names if name not in LATER}
    known: Known = {(asked.interval.start_us, asked.interval.end_us): ahead["agents"]}
    links = Links(connection, asked)
    _tiles(page, asked, figures, missed[-1])
    top = page.place()
    when(page, asked, ahead)
    course(page, asked, hours)
    hold(page, asked, ahead)
    _queues(page, asked, figures, links)
    callback_delays(page, asked, ahead)
    promised_waits(page, connection, asked)
    _tables(page, connection, asked, links, missed, known)
    _others(page, asked, links, {name: others[name] if name in others else ahead[name] for name in names})
    if asked.days > MOST_DAYS:
        page.say(asked.text("left_out", days=MOST_DAYS), "note")
    end = page.place()
    told(page, asked, Seen(hours, _sum(figures), missed[-1], ahead["arrivals"], ahead["delays"]))
    compared(page, connection, asked, hours)
    page.move(end, top)
    links.write(page)
    return page.html()


def _tables(
    page: Page, connection: Connection, asked: Asked, links: Links, missed: list[Recovery], known: Known
) -> None:
    """Missed customers, agents, teams, trunks."""
    page.heading(asked.text("missed"))
    table(page, asked, translate(recovery_sheet(asked.interval, missed), "missed", asked.language), links)
    page.heading(asked.text("agents"))
    done = agents_sheet(connection, [asked.interval], asked.now_us, known=known)
    table(page, asked, some(translate(done, "agents", asked.language), AGENTS), links)
    _teams(page, connection, asked, links, known)
    page.heading(asked.text("trunks"))
    trunks = trunks_sheet(asked.interval, queries.trunk_figures(connection, asked.interval))
    table(page, asked, translate(trunks, "trunks", asked.language), links)


def _others(page: Page, asked: Asked, links: Links, found: Mapping[str, Sequence[Sheet]]) -> None:
    """Reports of the registry, and in a line the names of those that have nothing to show."""
    empty: list[str] = []
    for made in found.values():
        for sheet in made:
            if sheet.rows:
                page.heading(sheet.title.partition(", ")[0])
                table(page, asked, sheet, links)
            else:
                empty.append(sheet.title.partition(", ")[0])
    if empty:
        page.say(asked.text("empty", names="; ".join(dict.fromkeys(empty))), "note")


def _teams(page: Page, connection: Connection, asked: Asked, links: Links, known: Known) -> None:
    """Nothing where nobody belongs to a team."""
    if not spans(connection, asked.request()):
        return
    made = teams_sheet(connection, asked.request(), known)
    by_team, by_queue = (translate(sheet, "teams", asked.language) for sheet in made)
    page.heading(by_team.title.partition(", ")[0])
    table(page, asked, some(by_team, TEAMS), links)
    table(page, asked, by_queue, links)


def _tiles(page: Page, asked: Asked, figures: list[QueueFigures], lost: Recovery) -> None:
    total = _sum(figures)
    threshold = f"{total.threshold_s:g}" if len({one.threshold_s for one in figures}) < 2 else "T"
    page.tiles(
        [
            (asked.count(total.offered), asked.text("offered")),
            (asked.count(total.answered), asked.text("answered")),
            (f"{asked.count(total.abandoned)} ({asked.share(total.abandonment_rate)})", asked.text("abandoned")),
            (asked.share(total.service_level(DEFAULT)), asked.text("within", seconds=threshold, formula=DEFAULT.value)),
            (asked.seconds(total.asa_s), asked.text("asa")),
            (asked.seconds(total.aht_s), asked.text("aht")),
            (asked.count(lost.residual), asked.text("unsaved")),
        ]
    )


def _sum(figures: Sequence[QueueFigures]) -> QueueFigures:
    total = QueueFigures("", threshold_s=figures[0].threshold_s if figures else 20.0)
    for one in figures:
        add(total, one)
    return total


def _queues(page: Page, asked: Asked, figures: list[QueueFigures], links: Links) -> None:
    """Three narrow tables of the same queues."""
    page.heading(asked.text("queues"))
    sheet = translate(queues_sheet(asked.interval, figures), "queues", asked.language)
    for names in (COUNTS, LEVELS, TIMES):
        part = some(sheet, names)
        if names is not TIMES:
            part.notes = part.remarks = ""
        table(page, asked, part, links)
