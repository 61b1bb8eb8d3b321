"""Trunks as a sheet: what became of the seizures, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.figures import TrunkFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.sheet import Column, Measure, Sheet, Unit

COLUMNS = (
    Column("trunk", "Trunk", Unit.TEXT),
    Column("seizures", "Sei-\nzures", formula="SEIZURES"),
    Column("answered", "An-\nswered", formula="SEIZURES.ANSWERED"),
    Column("busy", "Busy", formula="SEIZURES.BUSY"),
    Column("no_answer", "No\nanswer", formula="SEIZURES.NO_ANSWER"),
    Column("rejected", "Re-\njected", formula="SEIZURES.REJECTED"),
    Column("failed", "Failed", formula="SEIZURES.FAILED"),
    Column("asr", "ASR", Unit.SHARE, "ASR"),
    Column("ner", "NER", Unit.SHARE, "NER"),
    Column("average_call_duration_s", "Average\ncall", Unit.SECONDS, "ACD.DURATION", Measure.EACH),
    Column("pdd_s", "PDD", Unit.SECONDS, "PDD"),
    Column("pdd_max_s", "Longest\nPDD", Unit.SECONDS, "PDD", Measure.MAX),
    Column("mos", "MOS", Unit.MONEY, "MOS", Measure.MEAN),
    Column("cost", "Cost", Unit.MONEY, "COST"),
)
NOTES = (
    "ASR = answered / seizures (ITU-T E.411). NER = (answered + busy + no answer + rejected) / seizures.\n"
    "Average call: billed seconds / answered (the ACD of carriers). PDD: from the INVITE to the first 180, 183 or\n"
    "200. MOS: MOS-CQE, G.107, of what was heard from the far ends. Cost: in the currency of the trunk's prices."
)


def trunks_sheet(interval: Interval, figures: Sequence[TrunkFigures]) -> Sheet:
    """A row for each trunk that was seized."""
    sheet = Sheet(f"Trunks, {interval.label}", COLUMNS, notes=NOTES)
    for one in figures:
        counts = (one.seizures, one.answered, one.busy, one.no_answer, one.rejected, one.failed)
        times = (one.average_call_duration_s, one.pdd_s, one.pdd_max_s)
        sheet.rows.append((one.trunk, *counts, one.asr, one.ner, *times, one.mos, one.cost))
    return sheet
