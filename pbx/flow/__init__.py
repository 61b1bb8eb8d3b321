"""Flows: what callers are led through. Flows in plain Python take their coroutines from here: `from pbx import flow`
(pbx.flow.api). They are looked up when they are used, since the package is imported by its own modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.call.call import Call as Call
    from pbx.flow.api import collect as collect
    from pbx.flow.api import dial as dial
    from pbx.flow.api import hang_up as hang_up
    from pbx.flow.api import hangup_scope as hangup_scope
    from pbx.flow.api import hours as hours
    from pbx.flow.api import menu as menu
    from pbx.flow.api import play as play
    from pbx.flow.api import queue as queue
    from pbx.flow.api import record as record
    from pbx.flow.api import render as render
    from pbx.flow.api import run_block as run_block
    from pbx.flow.api import say as say
    from pbx.flow.api import set_language as set_language
    from pbx.flow.api import sms as sms
    from pbx.flow.api import variables_of as variables_of


def __getattr__(name: str) -> Any:
    if name == "Call":
        from pbx.call.call import Call

        return Call
    api = import_module("pbx.flow.api")
    if name in api.__all__:
        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
