"""`centrala staffing`: how many agents a day needs, from the company's own calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pbx.cli.console import fail
from pbx.cli.effective import effective_config
from pbx.cli.report_sheets import Csv, Json, form_of

if TYPE_CHECKING:
    from pbx.cli.staffing_reports import Past
    from pbx.staffing.demand import Terms

staffing = typer.Typer(help="How many agents are needed, from the company's own calls.", no_args_is_help=True)

Queue = Annotated[str, typer.Option(help="The queue; the only one by default.")]
Share = Annotated[float, typer.Option(help="Of all callers, to be served in time.", min=0.01, max=0.999)]
Within = Annotated[float, typer.Option(help="Seconds that they may wait.", min=0)]
GiveUp = Annotated[float, typer.Option(help="Of all callers, who may give up at most.", min=0.001, max=1)]
Weeks = Annotated[int, typer.Option(help="Weeks of calls that are looked at.", min=2, max=260)]
Handling = Annotated[float, typer.Option(help="Handling time in seconds; from the calls by default.", min=0)]
Forecasting = Annotated[
    Literal["seasonal", "ets"], typer.Option("--model", help="How days are forecast; ets needs centrala[forecast].")
]
By = Annotated[Literal["erlang-a", "erlang-c"], typer.Option("--formula", help="erlang-c: as if nobody ever gave up.")]
Event = Annotated[
    list[str] | None,
    typer.Option("--event", help="DATE=1.5, DATET10:00-13:00=1.5 or DATET10:00-13:00=+120 calls; may be repeated."),
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", help="A past day to leave out; may be repeated.")]
Tongue = Annotated[
    Literal["", "pl", "ru", "en"],
    typer.Option("--language", help="Of tables and pages; the server's by default. CSV and JSON are English."),
]
Patience = Annotated[float, typer.Option(help="Patience in seconds; from the calls by default.", min=0)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(staffing, name="staffing")


@staffing.command()
def need(
    context: typer.Context,
    day: Annotated[str, typer.Option("--date", help="The first day, YYYY-MM-DD; tomorrow by default.")] = "",
    days: Annotated[int, typer.Option("--days", help="So many days from it on.", min=1, max=62)] = 1,
    queue: Annotated[
        list[str] | None, typer.Option(help="The queue; may be repeated. The only one by default.")
    ] = None,
    share: Share = 0.80,
    within: Within = 20.0,
    give_up: GiveUp = 0.05,
    minutes: Annotated[int, typer.Option(help="Length of an interval: 15, 30 or 60.")] = 30,
    shrinkage: Annotated[float, typer.Option(help="Breaks, training, illness.", min=0, max=0.9)] = 0.3,
    formula: By = "erlang-a",
    weeks: Weeks = 12,
    handling: Handling = 0.0,
    patience: Patience = 0.0,
    model: Forecasting = "seasonal",
    event: Event = None,
    ignore: Ignore = None,
    callbacks: Annotated[bool, typer.Option(help="Whether calls back count as load.")] = True,
    to: Annotated[Path | None, typer.Option(help="Writes it there, too, as CSV: --need of a roster.")] = None,
    page: Annotated[Path | None, typer.Option(help="Writes one HTML page with plots there, too.")] = None,
    language: Tongue = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """Agents by interval of coming days."""
    if minutes not in (15, 30, 60):
        fail(f"intervals of {minutes} minutes are not cut: write --minutes 15, 30 or 60", 2)
    from pbx.cli.staffing_reports import Past, need_report, planned

    events, ignored = planned(event or [], ignore or [])
    past = Past(
        effective_config(context.obj), "", weeks, handling, patience, model, formula, ignored, events, language=language
    )
    terms = _terms(past, (share, within, give_up), minutes, shrinkage, callbacks=callbacks)
    need_report(past, day, days, queue or [], terms, form_of(csv, json), (to, page))


@staffing.command()
def accuracy(
    context: typer.Context,
    queue: Queue = "",
    days: Annotated[int, typer.Option("--days", help="So many past days are forecast.", min=1, max=366)] = 28,
    ahead: Annotated[int, typer.Option(help="From so many days before each.", min=1, max=62)] = 1,
    weeks: Weeks = 16,
    ignore: Ignore = None,
    language: Tongue = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """How wrong each way of forecasting was on past days, and whether its range held."""
    from pbx.cli.staffing_reports import Past, accuracy_report, planned

    _, ignored = planned([], ignore or [])
    past = Past(effective_config(context.obj), queue, weeks, 0.0, 0.0, ignored=ignored, language=language)
    accuracy_report(past, days, ahead, form_of(csv, json))


@staffing.command()
def promise(
    context: typer.Context,
    queue: Annotated[str, typer.Option(help="The queue; all by default.")] = "",
    quantile: Annotated[float, typer.Option(help="Share of promises to be kept.", min=0.5, max=0.99)] = 0.9,
    weeks: Annotated[int, typer.Option(help="Weeks of requests and calls that are looked at.", min=1, max=260)] = 12,
    language: Tongue = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """The callback time that the widget may guarantee, by hour, and whether what it said was kept."""
    from pbx.cli.staffing_reports import promise_report

    promise_report(effective_config(context.obj), queue, quantile, weeks, form_of(csv, json), language)


@staffing.command("what-if")
def what_if(
    context: typer.Context,
    calls: Annotated[float, typer.Option(help="Calls an hour; without it a month of forecast calls.", min=0)] = 0.0,
    agents: Annotated[int, typer.Option(help="Agents now; as many as are needed by default.", min=0)] = 0,
    queue: Queue = "",
    share: Share = 0.80,
    within: Within = 20.0,
    give_up: GiveUp = 0.05,
    agent_hour: Annotated[float, typer.Option(help="What an agent's hour costs.", min=0)] = 0.0,
    lost_call: Annotated[float, typer.Option(help="What a caller who gives up costs.", min=0)] = 0.0,
    shrinkage: Annotated[float, typer.Option(help="Breaks, training, illness, of a month.", min=0, max=0.9)] = 0.3,
    formula: By = "erlang-a",
    weeks: Weeks = 12,
    handling: Handling = 0.0,
    patience: Patience = 0.0,
    language: Tongue = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """One agent more or less: waits, callers who give up, money; of an hour, or of a month."""
    from pbx.cli.staffing_reports import Past, what_if_report

    config = effective_config(context.obj)
    past = Past(*(config, queue, weeks, handling, patience), formula=formula, shrinkage=shrinkage, language=language)
    what_if_report(past, calls, agents, (share, within, give_up), (agent_hour, lost_call), form_of(csv, json))


@staffing.command()
def roster(
    context: typer.Context,
    plan: Annotated[Path | None, typer.Argument(help="Contracts, shifts and people; see --example.")] = None,
    need: Annotated[Path | None, typer.Option(help="CSV (day,from,agents) instead of a forecast.")] = None,
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD; next Monday by default.")] = "",
    days: Annotated[int, typer.Option(help="Days to plan.", min=1, max=62)] = 7,
    queue: Queue = "",
    share: Share = 0.80,
    within: Within = 20.0,
    give_up: GiveUp = 0.05,
    formula: By = "erlang-a",
    event: Event = None,
    ignore: Ignore = None,
    shrinkage: Annotated[float, typer.Option(help="Illness, training; breaks are planned.", min=0, max=0.9)] = 0.1,
    seconds: Annotated[float, typer.Option(help="Time for the solver.", min=1, max=86_400)] = 60.0,
    processes: Annotated[int, typer.Option(help="Processors for it.", min=1, max=64)] = 2,
    seed: Annotated[int, typer.Option(help="Other plans of the same quality.", min=0)] = 1,
    weeks: Weeks = 12,
    handling: Handling = 0.0,
    patience: Patience = 0.0,
    model: Forecasting = "seasonal",
    to: Annotated[Path | None, typer.Option(help="Writes the roster there, too, as CSV.")] = None,
    duties: Annotated[Path | None, typer.Option(help="Writes a line for each shift there, as CSV.")] = None,
    twin: Annotated[Path | None, typer.Option(help="Writes the week there, as twin --roster takes it.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Prints a document to begin with.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Prints one for the configured agents.")] = False,
    language: Tongue = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """Who works when: shifts and breaks that meet the need, within contracts, skills, offices and wishes."""
    from pbx.cli.staffing_roster import EXAMPLE, Asked, draft_of, roster_report

    if example:
        typer.echo(EXAMPLE.read_text(encoding="utf-8"), nl=False)
        return
    if draft:
        typer.echo(draft_of(effective_config(context.obj), first), nl=False)
        return
    if plan is None:
        fail("name the document: centrala staffing roster roster.toml (--example and --draft print one)", 2)
    from pbx.cli.staffing_reports import Past, planned
    from pbx.staffing.requirement import Target

    events, ignored = planned(event or [], ignore or [])
    target = Target(share, within, give_up)
    files = (to, duties, twin, language, context.obj)
    asked = Asked(plan, need, first, days, target, shrinkage, seconds, processes, seed, *files)
    config = context.obj

    def past() -> Past:
        return Past(effective_config(config), queue, weeks, handling, patience, model, formula, ignored, events)

    roster_report(past, asked, form_of(csv, json))


def _terms(
    past: Past, target: tuple[float, float, float], minutes: int, shrinkage: float, *, callbacks: bool = True
) -> Terms:
    from pbx.staffing.requirement import Target

    try:
        return past.terms(Target(*target), minutes, shrinkage, callbacks=callbacks)
    except ValueError as error:
        fail(error, 2)
