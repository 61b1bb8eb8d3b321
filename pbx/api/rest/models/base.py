"""Types that all models share: instants, ids, numbers, texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

EXAMPLE_CALL = "0199c4a1b2c37d4e8f90a1b2c3d4e5f6"
EXAMPLE_INSTANT = "2026-11-22T09:41:07.250Z"
EXAMPLE_NUMBER = "+48600100200"
MAX_TEXT = 200
MAX_NOTE = 2000


def rfc3339(value: Any) -> str | None:
    """UTC seconds as RFC 3339 with milliseconds; 0 and None are none. A text is one already."""
    if isinstance(value, str):
        return value or None
    if not value:
        return None
    found = datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
    return found.replace("+00:00", "Z")


_INSTANT = {"type": "string", "format": "date-time", "examples": [EXAMPLE_INSTANT]}

# Shown: an instant in UTC, from UTC seconds.
Instant = Annotated[str, BeforeValidator(rfc3339), WithJsonSchema(_INSTANT)]
MaybeInstant = Annotated[str | None, BeforeValidator(rfc3339), WithJsonSchema({"anyOf": [_INSTANT, {"type": "null"}]})]
# Asked: an instant with its offset.
AskedInstant = Annotated[AwareDatetime, Field(examples=["2026-12-24T10:00:00+01:00"])]

_PLAIN = r"^[^\x00-\x1f\x7f]*$"  # on one line, without control characters
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=_PLAIN)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=_PLAIN)]
Note = Annotated[str, StringConstraints(max_length=MAX_NOTE, pattern=r"^[^\x00]*$")]
# What can be dialled: digits with * and #, or E.164. Where a name is a target as well, the routes say so.
Dialled = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$"), Field(examples=[EXAMPLE_NUMBER])]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2})?$")]

CallIdText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$"), Field(examples=[EXAMPLE_CALL])]

# Parameters of paths.
CallId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="A call's id", examples=[EXAMPLE_CALL])]
ItemId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="An id", examples=[EXAMPLE_CALL])]
RecordingId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{32}(-[1-9][0-9]{0,3})?$",
        description="A recording's id: the call's, with -2, -3 for what was begun again",
        examples=[EXAMPLE_CALL],
    ),
]
Extension = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.*#+-]{1,32}$", description="An extension", examples=["101"])]
Name = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f/]{1,64}$", description="A name in the settings")]


def seconds_of(instant: datetime | None) -> float | None:
    """UTC seconds of what was asked for."""
    return None if instant is None else instant.timestamp()


MAX_UNKNOWN = 20  # fields that are told one by one


class Shown(BaseModel):
    """What an answer holds; a control may tell more than a model has, which stays inside."""

    model_config = ConfigDict(extra="ignore")


class Asked(BaseModel):
    """What a request may say: nothing else, so that a slip of the pen is no silence."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, body: Any) -> Any:
        """One fault for a body of many unknown keys: telling each of a hundred thousand would hold the event loop."""
        if isinstance(body, dict) and len(body) > len(cls.model_fields) + MAX_UNKNOWN:
            raise ValueError(f"has {len(body)} fields; known are {', '.join(cls.model_fields)}")
        return body


class Done(Shown):
    """What was acted on."""

    id: str = Field(examples=[EXAMPLE_CALL])
