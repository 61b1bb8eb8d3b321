"""The sections of voicemail: boxes in which callers leave messages, and announcements that are recorded by phone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Language, Section

Texts = dict[Language, str]
HoursState = Literal["open", "closed", "holiday"]
# 4 to 16 digits, or what `centrala pin hash` makes of them (pbx.call.pins)
Pin = Annotated[str, Field(pattern=r"^([0-9]{4,16}|scrypt\$[A-Za-z0-9+/=]{8,64}\$[A-Za-z0-9+/=]{16,64})?$")]


class Voicemail(Section):
    """[[voicemail]]: one box. `name` is what numbers, flows and codes call it: digits when it is to be dialled."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    extension: str = ""  # whose box it is; empty: a box that several share
    lamps: list[str] = []  # further extensions whose phones show that messages wait
    pin: Pin = ""  # empty: it is opened from the phone of `extension` only
    ask_own_phone: bool = True  # the phone of `extension` is asked for the PIN as well
    greeting: Texts = {}  # spoken while no greeting was recorded; empty: a sentence of ours
    hours: str = ""  # an [[hours]]: outside it the absence greeting or `closed_greeting` is heard
    closed_greeting: Texts = {}
    max_s: float = Field(default=120.0, ge=5, le=900)  # length of a message
    min_s: float = Field(default=1.0, ge=0, le=30)  # of speech in it; what has less is no message
    silence_s: float = Field(default=6.0, ge=0, le=60)  # of silence end a message; 0: never
    max_messages: int = Field(default=100, ge=1, le=10_000)  # above it callers are told that the box is full
    keep_days: float = Field(default=30.0, gt=0)  # of messages that were heard and not saved
    keep_new_days: float = Field(default=365.0, gt=0)  # of those that nobody heard, and of saved ones
    queue: str = ""  # whose contact a message becomes: somebody owes an answer
    deadline_s: float | None = Field(default=None, gt=0)  # until then; None: the queue's missed_deadline_s
    transcribe: bool = False  # what was said becomes text, by speech.recognizer
    done_when: Literal["called_back", "heard"] = "called_back"  # what closes that contact


class Announcement(Section):
    """[[announcement]]: what flows play by name, recorded by phone, and when it is to be heard."""

    name: str = Field(min_length=1, max_length=40)
    code: str = Field(default="", pattern=r"^[0-9]{0,8}$")  # dialled after features.announcement to record it
    pin: Pin = ""  # asked before it may be recorded; empty: nobody records it by phone
    text: Texts = {}  # spoken while nothing is recorded
    max_s: float = Field(default=180.0, ge=2, le=900)
    valid_from: datetime | None = None  # on the server's clock where no offset is given
    valid_until: datetime | None = None
    hours: str = ""  # an [[hours]]: heard only while its state is one of `when`
    when: list[HoursState] = ["closed", "holiday"]
