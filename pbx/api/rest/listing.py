"""Pages of many rows, written without asking pydantic about each value of them: two hundred call records would hold the
event loop for some milliseconds. What rows must hold is what their model says; that they do is shown by the tests of
the description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.responses import Response

from pbx.api.rest.models.base import rfc3339


class Listing:
    """Writes rows as `model` describes them; fields of models or lists of models are left to pydantic."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._names = tuple(model.model_fields)
        self._instants = tuple(
            name
            for name, field in model.model_fields.items()
            if any(getattr(part, "func", None) is rfc3339 for part in field.metadata)
        )
        self._defaults = {
            name: field.default for name, field in model.model_fields.items() if field.default is not PydanticUndefined
        }

    def page(self, page: Mapping[str, Any]) -> Response:
        """The answer to a request for a page, of page_of() or page_from()."""
        items = [self.row(row) for row in page["items"]]
        return Response(orjson.dumps({"items": items, "next": page["next"]}), media_type="application/json")

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """KeyError for a field that has no default and is not in the row."""
        defaults = self._defaults
        shown = {name: row[name] if name in row else defaults[name] for name in self._names}
        for name in self._instants:
            shown[name] = rfc3339(shown[name])
        return shown
