"""Running calls, and what can be done with them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from pbx.api.rest.models.base import (
    EXAMPLE_CALL,
    EXAMPLE_INSTANT,
    EXAMPLE_NUMBER,
    Asked,
    CallIdText,
    Dialled,
    Instant,
    MaybeInstant,
    Note,
    Shown,
    Text,
    Word,
)

Mode = Literal["listen", "whisper", "barge", "takeover"]


class Leg(Shown):
    """One party of a call."""

    name: str = Field(description='"a" is the caller, "b1", "b2"... are those who were called', examples=["a"])
    role: str = Field(examples=["caller"])
    target: str = Field(description="Extension or number", examples=["101"])
    trunk: str = ""
    state: Literal["ringing", "answered"]
    held: bool = Field(description="This party has put the other one on hold")
    talks_with: str = Field(description="Name of the leg that hears this one; empty: none", examples=["b1"])


class RunningCall(Shown):
    """A call that runs now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": EXAMPLE_CALL,
                    "started": EXAMPLE_INSTANT,
                    "answered": EXAMPLE_INSTANT,
                    "direction": "inbound",
                    "caller": EXAMPLE_NUMBER,
                    "caller_name": "",
                    "callee": "+48221234567",
                    "did": "+48221234567",
                    "trunk": "carrier",
                    "state": "talking",
                    "application": "queue:sales",
                    "queue": "sales",
                    "agent": "101",
                    "tag": "autumn",
                    "held": False,
                    "recording": "recording",
                    "age_s": 31.2,
                }
            ]
        }
    )

    id: str
    started: Instant
    answered: MaybeInstant
    direction: str
    caller: str
    caller_name: str
    callee: str
    did: str
    trunk: str
    state: str
    application: str
    queue: str
    agent: str
    tag: str
    held: bool
    recording: Literal["", "recording", "paused"]
    age_s: float


class RunningCallDetail(RunningCall):
    legs: list[Leg]


class Originate(Asked):
    """Rings `caller` first, and when that has answered, `to` as if it had been dialled there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"caller": "101", "to": EXAMPLE_NUMBER, "tag": "crm"},
                {"caller": EXAMPLE_NUMBER, "to": "+48221234567", "account": "101", "caller_id": "+48221000001"},
            ]
        }
    )

    caller: Dialled = Field(description="An extension, or with `account` a number outside")
    to: Dialled
    account: Text = Field("", description="The extension that pays and whose rights hold, when `caller` is none")
    answer: bool = Field(False, description="Ask the phone of `caller` to answer by itself")
    caller_id: Text = Field("", description="What `to` is shown: a number that the extension may show")
    tag: Text = Field("", description="Kept with the call, as the tag of a number is")


class Originated(Shown):
    call_id: str = Field(examples=[EXAMPLE_CALL])


class TransferRequest(Asked):
    """`to` and `into` exclude one another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to": "103"}, {"to": "queue:service", "by": "101"}, {"into": EXAMPLE_CALL, "by": "101"}]
        }
    )

    to: str = Field(
        "",
        pattern=r"^(\+?[0-9*#]{1,32}|(queue|flow|voicemail):[^\x00-\x1f\x7f]{1,64})?$",
        description="An extension, a number, queue:NAME, flow:NAME or voicemail:BOX",
    )
    into: CallIdText | None = Field(None, description="The other call of the same extension: both parties are joined")
    by: Text = Field("", description="The extension whose party is transferred; empty: the one that talks")


class Transferred(Shown):
    id: str = Field(description="The call that goes on", examples=[EXAMPLE_CALL])
    to: str
    by: str


class ParkRequest(Asked):
    by: Text = Field("", description="The extension that parks, and rings when nobody fetches the call")


class Parked(Shown):
    lot: str
    slot: str = Field(description="Dialled to fetch the call", examples=["701"])
    call_id: str = Field(examples=[EXAMPLE_CALL])
    caller: str
    parked_by: str
    parked_s: float


class RecordingRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "pause"}]})

    action: Literal["start", "stop", "pause", "resume"]


class RecordingState(Shown):
    call_id: str = Field(examples=[EXAMPLE_CALL])
    state: Literal["recording", "paused", "stopped"]


class SuperviseRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "whisper", "supervisor": "150"}]})

    mode: Mode
    supervisor: Text = Field("", description="The extension that listens; empty: that of whoever asks")


class NoteRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "sale", "note": "Ordered twelve."}]})

    code: Text = ""
    note: Note = ""


class Step(Shown):
    """One step of a journey; what `data` holds depends on the event."""

    event: str = Field(examples=["queue.joined"])
    at: Instant
    leg: str = Field("a", examples=["a"])
    data: dict[str, object] = Field(examples=[{"queue": "sales", "position": 2}])

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: Any) -> Any:
        """A step whose data stand beside its event."""
        if not isinstance(value, dict) or "data" in value:
            return value
        own = {"event", "at", "leg"}
        plain = {name: value[name] for name in own if name in value}
        return plain | {"data": {name: given for name, given in value.items() if name not in own}}


class Journey(Shown):
    id: str = Field(examples=[EXAMPLE_CALL])
    steps: list[Step]


class Room(Shown):
    """A conference."""

    name: str = Field(examples=["board"])
    locked: bool
    participants: list[dict[str, object]]


class RoomAction(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "mute", "who": "101"}]})

    action: Word
    who: Text = ""
