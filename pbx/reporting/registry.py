"""Every report that is a sheet, by name: what it is called, what it can be asked with, and what makes it.

Terminal, CSV, the page, e-mail and REST all come here, so a report that is added here is in all of them. A report is
one function of (connection, request) and returns its sheets with their texts in English; `sheets` puts them into the
language that was asked for (pbx.reporting.words).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from pbx.ledger.spending import DIMENSIONS
from pbx.reporting import reports
from pbx.reporting.automatic import automatic_sheet
from pbx.reporting.calls_by import BY as BY_CALLS
from pbx.reporting.calls_by import calls_sheet
from pbx.reporting.campaigns import campaigns_sheet
from pbx.reporting.delays import delays_sheet
from pbx.reporting.flow_blocks import blocks_sheet
from pbx.reporting.lost import lost_sheet
from pbx.reporting.money import sheets as money
from pbx.reporting.money.reconciliation import reconciliation
from pbx.reporting.opened.team import KINDS as KINDS_OF_TEAMS
from pbx.reporting.opened.team import TEAM
from pbx.reporting.per.splits import PER, course
from pbx.reporting.per.step import Step
from pbx.reporting.queues_by import BY as ORIGINS
from pbx.reporting.request import BadRequest, Parameter, ParameterKind, Request
from pbx.reporting.sheet import Sheet
from pbx.reporting.teams import teams_sheet
from pbx.reporting.tools import tools_sheet
from pbx.reporting.tracking.pages import guard, reveals
from pbx.reporting.tracking.pools import pools
from pbx.reporting.tracking.sources import sources
from pbx.reporting.words import titles, translate
from pbx.reporting.words.per import told

if TYPE_CHECKING:
    from pbx.config import Language

Make = Callable[[Connection, Request], Sequence[Sheet]]
QUEUE, AGENT, TRUNK = Parameter("queue"), Parameter("agent"), Parameter("trunk")
BY = Parameter("by", ParameterKind.CHOICE, DIMENSIONS, DIMENSIONS[0])
BY_ORIGIN = Parameter("by", ParameterKind.CHOICE, ORIGINS, ORIGINS[0])
NARROWED = tuple(Parameter(name) for name in BY_CALLS)
LANGUAGES: tuple[Language, ...] = ("pl", "ru", "en")


@dataclass(frozen=True, slots=True)
class Kind:
    """A report. `name` is its address: `centrala report NAME`, `/reports/NAME`."""

    name: str
    make: Make
    parameters: tuple[Parameter, ...] = ()

    def title(self, language: Language) -> str:
        return titles(language)[self.name]

    def data(self, language: Language) -> dict[str, Any]:
        """For those who list reports."""
        return {
            "name": self.name,
            "title": self.title(language),
            "parameters": [
                {"name": one.name, "kind": one.kind.value, "choices": list(one.choices), "default": one.default}
                | ({"least": one.least, "most": one.most} if one.kind is ParameterKind.COUNT else {})
                for one in self.parameters
            ],
            "per": [one.value for one in PER[self.name].steps] if self.name in PER else [],
        }


KINDS: tuple[Kind, ...] = (
    Kind("queues", reports.queues, (BY_ORIGIN, *(Parameter(name) for name in ORIGINS))),
    Kind("agents", reports.agents, (AGENT, Parameter("team"))),
    Kind("teams", teams_sheet, (Parameter("by", ParameterKind.CHOICE, KINDS_OF_TEAMS, TEAM), Parameter("team"))),
    Kind("trunks", reports.trunks, (TRUNK,)),
    Kind("calls", calls_sheet, (Parameter("by", ParameterKind.CHOICE, BY_CALLS, BY_CALLS[0]), *NARROWED)),
    Kind("blocks", blocks_sheet, (Parameter("flow"), Parameter("block"))),
    Kind("callbacks", reports.callbacks, (QUEUE,)),
    Kind("missed", reports.missed, (QUEUE,)),
    Kind("patience", reports.patience, (QUEUE,)),
    Kind("promises", reports.promises, (QUEUE,)),
    Kind("customers", reports.customers, (QUEUE,)),
    Kind("redials", reports.redials),
    Kind("delays", delays_sheet, (QUEUE,)),
    Kind("lost", lost_sheet, (AGENT,)),
    Kind("tools", tools_sheet, (Parameter("source"), Parameter("device"))),
    Kind("automatic", automatic_sheet),
    Kind("campaigns", campaigns_sheet),
    Kind("sms", reports.sms),
    Kind("surveys", reports.surveys),
    Kind("dealers", reports.dealers),
    Kind("partners", reports.partners),
    Kind("money", money.by_source, (BY,)),
    Kind("missed_money", money.missed_money),
    Kind("missed_calls", money.missed_calls),
    Kind("reconciliation", reconciliation),
    Kind("sources", sources),
    Kind("pools", pools),
    Kind("reveals", reveals),
    Kind("number_guard", guard),
)
REPORTS: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


def find(name: str) -> Kind:
    """The report of that name. Raises BadRequest."""
    kind = REPORTS.get(name)
    if kind is None:
        raise BadRequest(f"no report is called {name!r}: there are {', '.join(REPORTS)}")
    return kind


def sheets(connection: Connection, name: str, request: Request) -> list[Sheet]:
    """A report in the language of the request. Raises BadRequest."""
    kind = find(name)
    asked = replace(request, filters=_filters(kind, request.filters))
    if asked.per is not None:
        made = course(connection, name, kind.make, asked, lambda sheet: _kept(sheet, kind, asked))
        return [told_per(translate(sheet, name, asked.language), asked.per, asked.language) for sheet in made]
    made = [_kept(sheet, kind, asked) for sheet in kind.make(connection, asked)]
    return [translate(sheet, name, asked.language) for sheet in made]


def step_of(name: str, per: str) -> Step | None:
    """What stands behind `per`, None for "". Raises BadRequest."""
    if not per:
        return None
    try:
        return Step(per)
    except ValueError:
        steps = PER[name].steps if name in PER else tuple(Step)
        raise BadRequest(f"per is {per[:40]!r}: write one of {', '.join(one.value for one in steps)}") from None


def told_per(sheet: Sheet, step: Step, language: Language) -> Sheet:
    """The sheet whose title says of what intervals its rows are."""
    return replace(sheet, title=f"{sheet.title}, {told(step, language)}")


def _filters(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    known = {one.name: one for one in kind.parameters}
    for name in given:
        if name not in known:
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise BadRequest(f"report {kind.name} has no filter {name!r}: {there}")
    return {name: one.checked(given[name]) if given.get(name) else one.default for name, one in known.items()}


def _kept(sheet: Sheet, kind: Kind, request: Request) -> Sheet:
    """The sheet with the rows that the text filters leave."""
    names = [column.name for column in sheet.columns]
    for one in kind.parameters:
        wanted = request.filter(one.name)
        if one.kind is ParameterKind.TEXT and wanted and one.name in names:
            at = names.index(one.name)
            sheet.rows = [row for row in sheet.rows if row[at] == wanted]
    return sheet
