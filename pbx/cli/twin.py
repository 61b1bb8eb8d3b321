"""`centrala twin`: what a hotline would need, from bills and logs of before it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pbx.cli.console import fail
from pbx.cli.report_sheets import Csv, Json, form_of
from pbx.languages import Language

twin = typer.Typer(
    help="Before there is a hotline: bills and logs of other systems, and what they ask for.", no_args_is_help=True
)

Dates = Annotated[
    Literal["dmy", "mdy"] | None, typer.Option(help="03/04/2026 is 3 April or March 4; by default as the file tells.")
]
Wrapup = Annotated[
    float | None,
    typer.Option(help="Seconds of work after each talk; what our own database tells, otherwise none.", min=0),
]
TIMES, FLOW_TIMES = 100, 40  # replays of each roster


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(twin, name="twin")


@twin.command("read")
def read(
    files: Annotated[
        list[Path],
        typer.Argument(help="Bills or logs: CSV, Excel, Asterisk Master.csv and queue_log, FreeSWITCH."),
    ],
    zone: Annotated[str, typer.Option(help="Time zone of the clock in the files.")] = "Europe/Warsaw",
    country: Annotated[str, typer.Option(help="Of numbers without a prefix: PL, RU, DE...")] = "PL",
    column: Annotated[list[str], typer.Option(help="MEANING=HEADING, e.g. at=Start. Meanings: see the table.")] = [],  # noqa: B006
    own: Annotated[list[str], typer.Option(help="How our own numbers begin, e.g. +4822.")] = [],  # noqa: B006
    test: Annotated[list[str], typer.Option(help="Numbers whose calls do not count.")] = [],  # noqa: B006
    dates: Dates = None,
    share: Annotated[float, typer.Option(help="Of all callers, to be served in time.", min=0.01, max=0.999)] = 0.80,
    within: Annotated[float, typer.Option(help="Seconds that they may wait.", min=0)] = 20.0,
    give_up: Annotated[float, typer.Option(help="Who may give up at most.", min=0.001, max=1)] = 0.05,
    handling: Annotated[float, typer.Option(help="Handling time in seconds; from the calls by default.", min=0)] = 0.0,
    wrapup: Wrapup = None,
    patience: Annotated[float, typer.Option(help="Seconds; from the calls by default.", min=0)] = 0.0,
    csv: Csv = False,
    json: Json = False,
) -> None:
    """Read calls, show which column was taken for what and what was left out, and what each hour would need."""
    from pbx.cli.twin_reports import Asked, read_report

    asked = Asked(files, zone, country, column, own, test, dates)
    read_report(asked, (share, within, give_up), (handling, wrapup, patience), form_of(csv, json))


@twin.command("simulate")
def simulate(
    files: Annotated[list[Path], typer.Argument(help="Bills or logs, as for read.")],
    roster: Annotated[str, typer.Option(help='Who works: "mon-fri 8-13:6 13-18:6; sat 9-13:2".')],
    days: Annotated[int, typer.Option(help="Days to live through.", min=10, max=100_000)] = 1000,
    lines: Annotated[int, typer.Option(help="Calls that the trunk takes at once; 0: no limit.", min=0)] = 0,
    zone: Annotated[str, typer.Option(help="Time zone of the clock in the files.")] = "Europe/Warsaw",
    country: Annotated[str, typer.Option(help="Of numbers without a prefix.")] = "PL",
    column: Annotated[list[str], typer.Option(help="MEANING=HEADING, as for read.")] = [],  # noqa: B006
    own: Annotated[list[str], typer.Option(help="How our own numbers begin.")] = [],  # noqa: B006
    test: Annotated[list[str], typer.Option(help="Numbers whose calls do not count.")] = [],  # noqa: B006
    dates: Dates = None,
    within: Annotated[float, typer.Option(help="Seconds that callers may wait.", min=0)] = 20.0,
    handling: Annotated[float, typer.Option(help="Talk in seconds; from the calls by default.", min=0)] = 0.0,
    wrapup: Wrapup = None,
    patience: Annotated[float, typer.Option(help="Seconds; from the calls by default.", min=0)] = 0.0,
    retrials: Annotated[
        float | None,
        typer.Option(help="Of those not served, who ring again; from the calls by default.", min=0, max=0.95),
    ] = None,
    agent_hour: Annotated[float, typer.Option(help="What an agent's hour costs.", min=0)] = 0.0,
    lost_call: Annotated[float, typer.Option(help="What a caller who is not served costs.", min=0)] = 0.0,
    line_day: Annotated[float, typer.Option(help="What a line costs a day.", min=0)] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed lives the same days.", min=0)] = 1,
    processes: Annotated[int, typer.Option(help="0: as many as there are processors.", min=0)] = 0,
    share: Annotated[float, typer.Option(help="To be served in time, for the verdict.", min=0.01, max=0.999)] = 0.80,
    page: Annotated[Path | None, typer.Option(help="Writes one HTML page with plots here.")] = None,
    language: Annotated[Language, typer.Option(help="Of the page.")] = "en",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """Live through days of the hotline with this roster, and with one and two agents less and more in each hour."""
    from pbx.cli.twin_reports import Asked, Simulated, simulate_report

    asked = Asked(files, zone, country, column, own, test, dates)
    wanted = Simulated(
        roster, days, lines, within, (handling, wrapup, patience), retrials, seed, processes, share, page, language
    )
    simulate_report(asked, wanted, (agent_hour, lost_call, line_day), form_of(csv, json))


@twin.command("replay")
def replay(
    context: typer.Context,
    day: Annotated[str, typer.Option("--date", help="The past day, YYYY-MM-DD; yesterday by default.")] = "",
    queue: Annotated[str, typer.Option(help="The queue; the only one by default.")] = "",
    roster: Annotated[str, typer.Option(help='Who works instead: "mon-fri 8-13:6"; as it was by default.')] = "",
    within: Annotated[float, typer.Option(help="Seconds that callers may wait.", min=0)] = 20.0,
    patience: Annotated[float, typer.Option(help="Seconds; from the calls by default.", min=0)] = 0.0,
    times: Annotated[
        int, typer.Option(help="Replays of each roster; 0: 100, and 40 through a flow.", min=0, max=10_000)
    ] = 0,
    agent_hour: Annotated[float, typer.Option(help="What an agent's hour costs.", min=0)] = 0.0,
    lost_call: Annotated[float, typer.Option(help="What a caller who gives up costs.", min=0)] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same replays.", min=0)] = 1,
    flow: Annotated[str, typer.Option(help="Through this flow: a JSON document, or a name of the configuration.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="The flow's draft in the running PBX.")] = False,
    choose: Annotated[list[str], typer.Option(help="BLOCK=EXIT:SHARE,EXIT:SHARE where callers were not asked.")] = [],  # noqa: B006
    take_callback: Annotated[float, typer.Option(help="Who takes a callback that is offered.", min=0, max=1)] = 0.3,
    reached: Annotated[float, typer.Option(help="Who is reached when called back.", min=0, max=1)] = 0.7,
    partner_minute: Annotated[float, typer.Option(help="What a minute elsewhere costs.", min=0)] = 0.0,
    page: Annotated[Path | None, typer.Option(help="Writes one HTML page with plots here.")] = None,
    language: Annotated[Language, typer.Option(help="Of the page.")] = "en",
    processes: Annotated[int, typer.Option(help="0: as many as there are processors, up to 4.", min=0)] = 0,
    csv: Csv = False,
    json: Json = False,
) -> None:
    """A past day of our own once more, with another roster or through a changed flow, and with people less and more."""
    from pbx.cli.effective import effective_config
    from pbx.cli.twin_replay import Asked, replay_report
    from pbx.twin.scenarios import Price

    price = Price(agent_hour, lost_call, partner_minute=partner_minute)
    if flow:
        from pbx.cli.flow_replay import document_of
        from pbx.cli.twin_flow import Asked as Through
        from pbx.cli.twin_flow import flow_report
        from pbx.twin.drafted.many import Draft

        config = effective_config(context.obj)
        there = any(entry.name == flow for entry in config.flow) and not draft
        asked_flow = Draft(flow) if there else Draft(Path(flow).stem, document_of(context.obj, flow, draft=draft))
        through = Through(
            *(asked_flow, day, queue, roster, within, patience, times or FLOW_TIMES, seed, price, choose),
            *(take_callback, reached, processes, page, language),
        )
        flow_report(config, through, form_of(csv, json))
        return
    if choose or draft or page is not None:
        fail("--choose, --draft and --page belong to --flow: name the flow", 2)
    asked = Asked(day, queue, roster, within, patience, times or TIMES, seed, price)
    replay_report(effective_config(context.obj), asked, form_of(csv, json))
