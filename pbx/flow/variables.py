"""What a flow knows: of the call, the clock and the queues at any time, and what its blocks have set.

Names are flat and dotted ("call.caller", "http.status"). Values are JSON: a number of them, and of a size, that no
peer can stretch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.flow.errors import VariableError
from pbx.flow.values import Value

if TYPE_CHECKING:
    from pbx.call.call import Call

MAX_NAMES = 200
MAX_VALUE_BYTES = 4096  # as JSON
MAX_NAME = 64  # characters
NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+){0,5}")
LIVE = ("call", "now", "queue", "hangup")  # first parts of names that no block sets
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What is known of the visit that the call comes from (pbx.tracking); "" and 0 where nothing is.
ORIGIN = ("source", "visit", "visitor", "page", "landing", "site", "probability", "unique", "repeat")
CALL = (
    *("id", "caller", "caller_name", "called", "did", "tag", "language", "trunk", "region"),
    *("country", "type", "campaign", "medium", "extension", "direction", "withheld", "answered"),
    *ORIGIN,
)
NOW = ("time", "date", "weekday")
QUEUE = ("waiting", "agents_free", "promise_s")  # queue.<name>.<...>
HANGUP = ("flow", "block", "kind")  # where the caller hung up; nothing while he is there


class Variables(Mapping[str, Value]):
    """The names of one run. Live ones are looked up when they are read; the others are as their block set them."""

    __slots__ = ("_call", "_set", "masked")

    def __init__(self, call: Call, first: Mapping[str, Value] | None = None) -> None:
        self._call = call
        self._set: dict[str, Value] = {}
        self.masked: set[str] = set()  # names whose values no log, journey or record may show
        for name, value in (first or {}).items():
            self.set(name, value)

    def set(self, name: str, value: Value, *, masked: bool = False) -> None:
        """Sets a name. Raises VariableError for a name that is none or reserved, and for a value that is no JSON or too
        large."""
        check_name(name)
        if name not in self._set and len(self._set) >= MAX_NAMES:
            raise VariableError(f"a flow cannot have more than {MAX_NAMES} variables", "set fewer names")
        check_value(name, value)
        self._set[name] = value
        if masked:
            self.masked.add(name)
        else:
            self.masked.discard(name)

    def hung_up(self, flow: str, block: str, kind: str) -> None:
        """Notes where the caller was when he hung up."""
        self._set.update({"hangup.flow": flow, "hangup.block": block, "hangup.kind": kind})

    def forget(self, name: str) -> None:
        """Unsets a name; one that is not set stays so."""
        self._set.pop(name, None)
        self.masked.discard(name)

    def shown(self, names: Iterator[str] | None = None) -> dict[str, Value]:
        """The names that were set, or those of `names` that have a value, with masked values as "***"."""
        chosen = self._set if names is None else [name for name in names if name in self]
        return {name: "***" if name in self.masked else self[name] for name in chosen}

    def hidden(self, text: str) -> str:
        """`text` without the masked values that are in it."""
        for name in self.masked:
            value = str(self._set.get(name) or "")
            if value:
                text = text.replace(value, "***")
        return text

    def __getitem__(self, name: str) -> Value:
        if name in self._set:
            return self._set[name]
        first, _, rest = name.partition(".")
        if first == "call" and rest in CALL:
            return self._of_call(rest)
        if first == "now" and rest in NOW:
            return self._of_clock(rest)
        if first == "queue":
            return self._of_queue(name, rest)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from self._set
        yield from (f"call.{rest}" for rest in CALL)
        yield from (f"now.{rest}" for rest in NOW)

    def __len__(self) -> int:
        return len(self._set) + len(CALL) + len(NOW)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self[name]
        except KeyError:
            return False
        return True

    def _of_call(self, rest: str) -> Value:
        call, setup = self._call, self._call.setup
        if rest in ("id", "language", "caller", "caller_name", "did", "trunk", "extension", "direction", "answered"):
            value: Value = getattr(call, rest)
            return value
        if rest == "called":
            return setup.did or setup.callee
        origin = setup.origin
        if rest in ORIGIN:
            empty: Value = {"probability": 0.0, "unique": False, "repeat": 0}.get(rest, "")
            return empty if origin is None else origin.get(rest, empty)
        if origin is not None and rest in ("campaign", "medium") and rest in origin:
            told: Value = origin[rest]
            return told
        if rest in ("region", "country", "type"):
            rest = f"caller_{rest}"
        said: Value = getattr(setup, rest)
        return said

    def _of_clock(self, rest: str) -> Value:
        services = self._call.services
        local = datetime.fromtimestamp(services.clock.unix(), ZoneInfo(services.config.server.timezone))
        if rest == "time":
            return local.strftime("%H:%M")
        return local.date().isoformat() if rest == "date" else WEEKDAYS[local.weekday()]

    def _of_queue(self, name: str, rest: str) -> Value:
        queue, _, figure = rest.rpartition(".")
        queues = self._call.services.queues
        if not queue or figure not in QUEUE or queues is None:
            raise KeyError(name)
        value: Value = queues.figure(queue, figure)
        return value


def check_name(name: str) -> None:
    """VariableError unless `name` may be set."""
    if len(name) > MAX_NAME or not NAME.fullmatch(name):
        remedy = 'use lower-case letters, digits and "_", parts joined by ".", e.g. "ivr.city"'
        raise VariableError(f"{name[: MAX_NAME + 1]!r} is no name of a variable", remedy)
    if name.partition(".")[0] in LIVE:
        raise VariableError(f"{name!r} cannot be set: it is read from the call", 'choose another, e.g. "ivr.city"')


def check_value(name: str, value: Value) -> None:
    """VariableError unless `value` is JSON of no more than MAX_VALUE_BYTES."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str) and len(value) * 4 + 2 <= MAX_VALUE_BYTES:
        return
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass"))
    except (TypeError, ValueError, RecursionError) as error:
        text = f"the value of {name!r} is no JSON: {error}"
        raise VariableError(text, "set text, numbers, lists or tables") from None
    if size > MAX_VALUE_BYTES:
        text = f"the value of {name!r} has {size} bytes, more than {MAX_VALUE_BYTES}"
        raise VariableError(text, "keep only the part that is needed")


def is_live(name: str, queues: Mapping[str, object] | frozenset[str]) -> bool:
    """Whether `name` can always be read; `queues` are the names that "queue.<name>..." may have."""
    first, _, rest = name.partition(".")
    if first == "call":
        return rest in CALL
    if first in ("now", "hangup"):
        return rest in (NOW if first == "now" else HANGUP)
    queue, _, figure = rest.rpartition(".")
    return first == "queue" and figure in QUEUE and queue in queues
