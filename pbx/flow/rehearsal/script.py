"""The script of `centrala flow test` (YAML): callers, what they do, what the world answers, what must come of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pbx.call.digits import DIGITS
from pbx.config import Language
from pbx.flow.errors import FlowError

MAX_BYTES = 2_000_000
MAX_CALLERS = 10_000
Seconds = Annotated[float, Field(ge=0, le=86_400)]
SPOKEN = "spoken"  # presses the digits that the last prompt said one by one
Scalar = str | int | float | bool | None


class ScriptError(FlowError):
    """A script that cannot be run; the text names the file, the caller and the key."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Step(Part):
    """One thing that a caller does; exactly one of the first seven, a bare word for those without a value."""

    hears: str | None = None  # waits until a prompt with these words begins
    heard_out: str | None = None  # waits until a prompt with these words has ended
    press: Annotated[str, Field(min_length=1, max_length=64)] | None = None  # keys, or SPOKEN
    says: Annotated[str, Field(min_length=1, max_length=1000)] | None = None  # to a menu that listens
    connected: bool | str | None = None  # waits until an agent or a phone has answered; a text names which one
    wait_s: Seconds | None = None
    hang_up: bool | None = None
    within_s: Seconds = 60.0  # what is waited for must come within this
    after_s: Seconds = 0.0  # of silence before it is done
    method: Literal["rfc4733", "info", "inband"] = "rfc4733"
    every_s: Seconds = 0.0  # between keys

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return {value: True} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Step:
        verbs = ("hears", "heard_out", "press", "says", "connected", "wait_s", "hang_up")
        chosen = [verb for verb in verbs if getattr(self, verb) is not None]
        if len(chosen) != 1:
            raise ValueError(f"a step is one of {', '.join(verbs)}")
        if self.press not in (None, SPOKEN) and not set(self.press or "") <= DIGITS:
            raise ValueError(f"{self.press!r} cannot be pressed: use 0-9, *, #, A-D")
        return self


class Waits(Part):
    """What becomes of the caller in a queue. Without `outcome` the agent answers, unless the wait has a limit."""

    outcome: Literal["answered", "full", "no_agents", "timeout", "callback"] = "answered"
    after_s: Seconds = 10.0  # wait before the outcome; full and no_agents come at once
    talk_s: Seconds = 60.0  # until the agent hangs up
    waiting: int = 0  # the queue's figures, for conditions
    agents_free: int = 1
    promise_s: float | None = None


class Rings(Part):
    """What becomes of a call to a phone or number."""

    outcome: Literal["answered", "busy", "no_answer", "failed"] = "answered"
    after_s: Seconds = 3.0
    talk_s: Seconds = 60.0  # until the other side hangs up


class Reply(Part):
    """What a server answers. The first whose `url` begins the request's, and whose method fits, is taken."""

    url: str
    method: str = ""
    status: int = 200
    json_body: Any = Field(default=None, alias="json")
    text: str = ""
    after_s: Seconds = 0.05
    error: Literal["", "timeout", "refused"] = ""


class Known(Part):
    """What the book of customers has about the caller."""

    name: str = ""
    language: str = ""
    vip: bool = False
    tags: tuple[str, ...] = ()
    agent: str = ""
    note: str = ""
    pin: str = ""  # hashed: `centrala pin hash`


class Surfed(Part):
    """The visit of a site that the call comes from: the region that it tells, and how sure that is."""

    region: str
    by: Literal["page", "address", "site", "time_zone"] = "page"
    certainty: float = Field(default=1.0, ge=0, le=1)


class Sent(Part):
    """A message that must have been sent: to whom, and words in it."""

    to: str = ""
    has: str = ""
    template: str = ""


class Range(Part):
    min: float | None = None
    max: float | None = None


class Expect(Part):
    """What must come of the call; only what is named is compared."""

    path: list[str] | None = None  # "block" or "block=exit" in order; "..." is any number of others
    hears: list[str] = []  # words of prompts, in this order, others between them
    not_hears: list[str] = []
    variables: dict[str, Scalar | list[Any] | dict[str, Any]] = {}
    sms: list[Sent] | None = None
    requests: list[str] | None = None  # "GET https://..." in order, beginnings suffice
    language: Language | None = None
    ended_by: Literal["caller", "callee", "pbx"] | None = None
    cause: str | None = None
    status: int | None = None  # the final SIP status of the call
    duration_s: Range | None = None


class Caller(Part):
    """One caller. What is not given is the script's `defaults`."""

    name: str
    number: str = "+48600100200"
    called: str = "600"
    caller_name: str = ""
    tag: str = ""
    campaign: str = ""
    medium: str = ""
    country: str = ""
    region: str = ""
    type: str = ""
    visit: Surfed | None = None  # of a site, that tells the region
    withheld: bool = False
    extension: str = ""  # of the house, who may dial outside
    at: datetime | None = None  # on the server's clock unless it has an offset
    steps: list[Step] = []
    queues: dict[str, Waits] = {}  # by the queue's name; "*" for all others
    phones: dict[str, Rings] = {}  # by the number dialled; "*" for all others
    http: list[Reply] = []
    voicemail: Literal["recorded", "empty"] = "recorded"  # what comes of every box that he may speak into
    customer: Known | None = None  # as whom the book of customers knows him
    first_time: bool = False  # he never called before
    recognizer: Literal["", "fails"] = ""  # "fails": it makes no text of what he says
    callback: str = ""  # why no callback is taken, e.g. "limit_number"; "": it is
    sms: str = ""  # why no message to him is taken, e.g. "opted_out"; "": it is sent, unless `type` is "fixed"
    limit_s: Seconds = 3600.0  # the call must end within this
    expect: Expect = Expect()


class Script(Part):
    """The whole file. `config` is a configuration file (beside the script), or its tables written here."""

    flow: str = ""  # a JSON document beside the script, where the command names none
    config: str | dict[str, Any] | None = None
    defaults: dict[str, Any] = {}
    callers: list[Caller] = Field(min_length=1, max_length=MAX_CALLERS)

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("callers"), list):
            return value
        defaults = value.get("defaults") or {}
        filled = [{**defaults, **one} if isinstance(one, dict) else one for one in value["callers"]]
        return {**value, "callers": filled}


def read_script(path: Path) -> Script:
    """The script in `path`. ScriptError for one that cannot be read or used."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror or error}", "name a YAML file") from None
    if len(data) > MAX_BYTES:
        raise ScriptError(f"{path} has {len(data)} bytes", f"make several scripts of at most {MAX_BYTES}")
    try:
        return Script.model_validate(yaml.safe_load(data))
    except yaml.YAMLError as error:
        raise ScriptError(f"{path} is no YAML: {error}", "correct it") from None
    except ValidationError as error:
        raise ScriptError(_explained(path, error), "see docs/flow-tests.md") from None


def _explained(path: Path, error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join(map(str, fault["loc"])) or "the script"
    return f"{path}: {where}: {fault['msg'].removeprefix('Value error, ')}"
