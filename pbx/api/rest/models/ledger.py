"""Bodies of the ledger's routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pbx.api.rest.models.base import EXAMPLE_CALL, EXAMPLE_NUMBER, Asked, Instant, Shown, Text

MAX_CSV = 2_000_000  # characters
Csv = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CSV)]
Columns = Annotated[
    dict[Text, Text],
    Field(max_length=20, description="field: column, where the columns' own names do not tell", examples=[{}]),
]
EXAMPLE_COSTS = "day,source,campaign,cost\n2026-07-01,google,pumps,71428.57\n"
EXAMPLE_SALES = "order_id,phone,amount,when\nA-1,+48600100200,1200.00,2026-07-03 11:50\n"
Currency = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")]


class CostDefaults(Asked):
    """What the rows do not tell."""

    source: Text = ""
    medium: Text = ""
    currency: Currency = ""
    decimal: Literal["", ".", ","] = Field(default="", description="mark before decimals")
    order: Literal["", "dmy", "mdy"] = Field(default="", description="of days that are written with slashes")


class CostsImport(Asked):
    csv: Csv = Field(examples=[EXAMPLE_COSTS])
    columns: Columns = {}
    defaults: CostDefaults = CostDefaults()
    check: bool = Field(default=False, description="tell only what would be taken")


class SalesImport(Asked):
    csv: Csv = Field(examples=[EXAMPLE_SALES])
    columns: Columns = {}
    check: bool = False


class Bad(Shown):
    line: int
    reason: str


class Put(Shown):
    new: int
    changed: int
    same: int


class Imported(Shown):
    """With one row in `bad` nothing is taken."""

    rows: int
    totals: int = Field(description="rows of sums, which were passed over")
    entries: int
    columns: dict[str, str] = Field(description="column of the file: field")
    unknown_columns: list[str]
    bad: list[Bad]
    taken: bool
    put: Put | None
    matched: int = Field(default=0, description="sales whose call was found, or changed")


class Cost(Shown):
    day: str = Field(examples=["2026-07-01"])
    source: str
    medium: str
    campaign: str
    number: str
    amount: float
    currency: str


class SaleRow(Shown):
    order_id: str
    at: Instant
    number: str = Field(examples=[EXAMPLE_NUMBER])
    amount: float
    currency: str
    call_id: str = Field(description="empty while no call is found", examples=[EXAMPLE_CALL])
    matched_by: str = Field(description="`call`, `contact`, `number` or empty")


class ExportText(Asked):
    """What another system exports, as CSV; `columns` as in imports."""

    text: Csv = Field(examples=["call_id,date\n0199c4a1b2c37d4e8f90a1b2c3d4e5f6,2026-07-01 10:00\n"])
    timezone: Text = Field(default="", description="of its clock readings; empty: the server's")
    columns: Columns = {}


class Exports(Asked):
    """Systems without an export are compared by what they were told."""

    ga: ExportText | None = None
    crm: ExportText | None = None
    tracking: ExportText | None = None


class ReconcileAsk(Asked):
    since: Text = Field(alias="from", examples=["2026-07-01"])
    until: Text = Field(alias="to", examples=["2026-07-14"], description="the last day, or an instant")
    exports: Exports = Exports()


class Step(Shown):
    reason: str = Field(examples=["no_consent"])
    system: str
    change: int


class Steps(Shown):
    from_: str = Field(alias="from")
    to: str
    steps: list[Step]


class Run(Shown):
    """A reconciliation. `steps` lead from each count to the next."""

    id: str = Field(examples=[EXAMPLE_CALL])
    start: Instant
    end: Instant
    label: str
    made: Instant
    made_by: str
    counts: dict[str, int] = Field(examples=[{"pbx": 1568, "crm": 1500, "ga": 922, "tracking": 826}])
    matched: dict[str, dict[str, int]]
    clock_offset_s: dict[str, int]
    steps: list[Steps]
    differences: int
    unexplained: int


class RunRow(Shown):
    """A call that not every system has, or a record that is no call of ours."""

    position: int
    call_id: str
    at: Instant
    number: str
    place: str = Field(description="line of the export")
    present: list[str]
    reasons: dict[str, str] = Field(examples=[{"ga": "no_consent"}])
