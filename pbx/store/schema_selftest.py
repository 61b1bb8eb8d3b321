"""The table of test calls."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from pbx.store.metadata import metadata

selftest_results = Table(
    "selftest_results",
    metadata,
    Column("id", String(32), primary_key=True),  # of the call that was placed
    Column("name", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    Column("trunk", Text, nullable=False),  # "": over the loop-back
    Column("number", Text, nullable=False),
    Column("passed", Boolean(create_constraint=False), nullable=False),
    Column("reason", Text, nullable=False),  # why it did not pass
    Column("pdd_s", Float, nullable=True),
    Column("answer_s", Float, nullable=True),
    Column("mos", Float, nullable=True),  # MOS-CQE, G.107
    Column("rx_packets", Integer, nullable=False),
    Column("tx_packets", Integer, nullable=False),
    Column("lost_packets", Integer, nullable=False),
    Column("steps", Text, nullable=False),  # JSON array: pbx.selftest.result.StepResult
    Index("ix_selftest_results_started_us", "started_us"),
)
