"""The JSON Schema of flow documents, generated from the blocks: editors hold their flows against it."""

from __future__ import annotations

from typing import Any

import orjson

from pbx.flow.block import Block
from pbx.flow.document import MAX_BLOCKS, FlowDocument
from pbx.flow.kinds import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def flow_schema() -> dict[str, Any]:
    """The schema of a whole document, with one definition for each kind of block."""
    schema = FlowDocument.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema.pop("$defs", {})
    for kind, block_class in KINDS.items():
        definitions[f"block.{kind}"] = _definition(kind, block_class, definitions)
    schema["properties"]["blocks"]["additionalProperties"] = {
        "oneOf": [{"$ref": f"#/$defs/block.{kind}"} for kind in KINDS],
        "discriminator": {"propertyName": "kind"},
    }
    schema["properties"]["blocks"]["maxProperties"] = MAX_BLOCKS
    return {"$schema": DIALECT, **schema, "title": "A flow of Centrala", "$defs": dict(sorted(definitions.items()))}


def flow_schema_text() -> str:
    """The schema as it is published: docs/flow.schema.json."""
    return orjson.dumps(flow_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _definition(kind: str, block_class: type[Block], definitions: dict[str, Any]) -> dict[str, Any]:
    """A block's settings; what it shares with others goes among the definitions."""
    schema = block_class.model_json_schema(by_alias=True)
    definitions |= schema.pop("$defs", {})
    schema["properties"]["kind"] = {"const": kind}
    schema["required"] = ["kind", *(key for key in schema.get("required", []) if key != "kind")]
    schema["title"] = kind
    return schema
