"""The published schema is that of the code."""

from __future__ import annotations

import json
from pathlib import Path

from pbx.flow.kinds import KINDS
from pbx.flow.schema import flow_schema, flow_schema_text

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "flow.schema.json"


def test_what_is_published_is_what_the_code_reads() -> None:
    assert PUBLISHED.read_text() == flow_schema_text(), "run `centrala flow schema > docs/flow.schema.json`"


def test_each_kind_of_block_has_a_definition_and_every_reference_leads_to_one() -> None:
    schema = flow_schema()
    definitions = schema["$defs"]
    assert {name for name in definitions if name.startswith("block.")} == {f"block.{kind}" for kind in KINDS}
    text = json.dumps(schema)
    for part in text.split('"#/$defs/')[1:]:
        assert part.partition('"')[0] in definitions
    assert definitions["block.flow"]["properties"]["exits"]["type"] == "object"
    assert definitions["block.menu"]["required"] == ["kind", "text", "keys"]
    assert schema["required"] == ["schema", "name", "start", "blocks"]
