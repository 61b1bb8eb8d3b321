"""A small company on fakes, with its features: calls are routed as a phone's would be."""

from __future__ import annotations

from typing import Any

from pbx.call.router import Router
from pbx.call.testing import CallHarness, FakeCaller
from pbx.config import Config
from pbx.features.service import Features


class Company(CallHarness):
    """Extensions 101 to 104 with a carrier; `dial("101", "*8")` is what happens when 101 dials that."""

    def __init__(self, **sections: Any) -> None:
        own: dict[str, dict[str, Any]] = {entry["number"]: entry for entry in sections.pop("extension", [])}
        numbers = dict.fromkeys(["101", "102", "103", "104", *own])
        config = {
            "extension": [{"number": n, "secret": "s", "ring_timeout_s": 10, **own.get(n, {})} for n in numbers],
            "trunk": [{"name": "carrier", "host": "10.0.0.1"}],
            "route": [{"match": "+", "trunk": "carrier"}],
            "parking": [{"name": "main", "slots": "701-703", "timeout_s": 30, "ring_back_s": 10}],
            **sections,
        }
        super().__init__(Config.model_validate(config))
        self.features = Features(self.services)
        self.router = Router(self.config, self.services.dialplan)

    def dial(self, extension: str, number: str, **rest: Any) -> FakeCaller:
        """`extension` dials `number`."""
        routed = self.router.from_extension(self.services.dialplan.extensions[extension], number)
        return self.call(
            routed.application, caller=extension, callee=number, extension=extension, direction=routed.direction, **rest
        )


def talking(one: Any, other: Any) -> bool:
    """Whether the streams of two far ends hear each other."""
    return one.media.partner is other.media and other.media.partner is one.media
