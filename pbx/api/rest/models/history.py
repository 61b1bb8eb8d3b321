"""Call records of the past and recordings."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from pbx.api.rest.models.base import EXAMPLE_CALL, EXAMPLE_INSTANT, EXAMPLE_NUMBER, Instant, MaybeInstant, Shown

Outcome = Literal["talked", "abandoned", "served", "busy", "rejected", "no_answer", "failed"]
Direction = Literal["inbound", "outbound", "internal"]


class CallRecord(Shown):
    """One call that is over (CDR)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": EXAMPLE_CALL,
                    "started": EXAMPLE_INSTANT,
                    "answered": EXAMPLE_INSTANT,
                    "ended": EXAMPLE_INSTANT,
                    "zone": "Europe/Warsaw",
                    "direction": "inbound",
                    "outcome": "talked",
                    "missed": False,
                    "caller": EXAMPLE_NUMBER,
                    "callee": "+48221234567",
                    "did": "+48221234567",
                    "trunk": "carrier",
                    "application": "flow:hotline",
                    "queue": "sales",
                    "agent": "101",
                    "tag": "autumn",
                    "duration_s": 92.5,
                    "wait_s": 11.2,
                    "talk_s": 78.0,
                    "cause": "normal",
                    "sip_status": 200,
                    "ended_by": "caller",
                    "recorded": True,
                }
            ]
        }
    )

    id: str
    started: Instant
    answered: MaybeInstant = None
    bridged: MaybeInstant = Field(None, description="Two people heard each other for the first time")
    ended: Instant
    zone: str = Field(description="IANA name of the server's zone when the call was made")
    direction: str
    outcome: Outcome
    missed: bool = Field(description="From outside, for people, and nobody spoke with the caller")
    caller: str
    callee: str
    did: str
    trunk: str
    application: str
    forwarded_to: str = ""
    queue: str
    agent: str
    tag: str = ""
    campaign: str = ""
    medium: str = ""
    caller_country: str = ""
    caller_region: str = ""
    caller_type: str = ""
    duration_s: float
    wait_s: float
    talk_s: float
    hold_s: float = 0.0
    billed_s: float = 0.0
    setup_s: float | None = None
    cause: str
    sip_status: int
    ended_by: str
    recorded: bool
    recording_s: float = 0.0
    legs: int = 0
    rx_packets: int = 0
    lost_packets: int = 0
    jitter_ms: float = 0.0
    cost: float = 0.0
    contact: str = Field("", description="The contact that the call was placed for")
    test: str = Field("", description="The self-test that the call was made for")


class QueueStay(Shown):
    """One stay in a queue."""

    queue: str
    joined: Instant
    ended: Instant
    outcome: str = Field(examples=["answered"])
    agent: str
    position: int
    wait_s: float
    talk_s: float
    hold_s: float
    offers: int
    offers_missed: int
    wrapup_s: float
    wrapup_code: str
    wrapup_note: str


class TrunkSeizure(Shown):
    """One leg that was handed to a carrier."""

    leg: str
    trunk: str
    target: str
    started: Instant
    answered: MaybeInstant = None
    ended: Instant
    sip_status: int
    outcome: str
    pdd_s: float | None = None
    billed_s: float
    cost: float


class CallRecordDetail(CallRecord):
    stays: list[QueueStay]
    seizures: list[TrunkSeizure]


class RecordingFile(Shown):
    """One file of a call that was recorded."""

    id: str = Field(examples=[EXAMPLE_CALL])
    started: Instant
    duration_s: float | None = Field(description="null while it is being recorded")
    media_type: str = Field(examples=["audio/wav"])
    sealed: bool = Field(description="Encrypted at rest")
    deleted: bool


class RecordedCall(Shown):
    """A call with its recordings: one as a rule, more when recording was stopped and begun again."""

    id: str = Field(examples=[EXAMPLE_CALL])
    started: Instant
    direction: str
    caller: str
    callee: str
    queue: str
    agent: str
    tag: str
    talk_s: float
    recordings: list[RecordingFile]


class Recording(RecordingFile):
    """A recording and the call that it is of."""

    call_id: str = Field(examples=[EXAMPLE_CALL])
    octets: int | None = Field(description="Of the sound as it is downloaded; null while that is not known")
    direction: str = ""
    caller: str = ""
    callee: str = ""
    queue: str = ""
    agent: str = ""
