"""The section of scheduled test calls."""

from __future__ import annotations

from pydantic import Field

from pbx.config_base import Language, Section


class SelfTestStep(Section):
    """[[selftest.step]]: what must be heard next, and what is pressed then."""

    expect: str = ""  # the prompt's words, as they are configured
    language: Language | None = None  # of them; None: the test's
    file: str = ""  # a WAV (8 kHz, mono, 16 bits) instead
    within_s: float = Field(default=10.0, gt=0, le=120)  # from the answer, or from what was pressed last
    min_match: float = Field(default=0.6, gt=0, le=1)  # normalised cross-correlation
    press: str = Field(default="", pattern=r"^[0-9*#A-D]{0,20}$")  # as soon as it is heard; may stand alone
    max_reaction_ms: float = Field(default=0.0, ge=0)  # from the end of what was pressed to the next prompt; 0: any


class SelfTest(Section):
    """[[selftest]]: one call that the PBX makes to itself, and what has to come of it."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    number: str = Field(min_length=1)  # what is dialled
    caller: str = ""  # without a trunk: the extension that dials; with one: the number shown
    trunk: str = ""  # goes out there; empty: to our own SIP socket
    every_min: float = Field(default=0.0, ge=0)  # 0: not by interval
    at: list[str] = []  # "07:45", on the server's clock
    language: Language | None = None
    step: list[SelfTestStep] = []
    listen_s: float = Field(default=2.0, ge=0.5, le=60)  # after the last step
    max_pdd_s: float = Field(default=4.0, gt=0)  # INVITE to 180, 183 or 200
    max_answer_s: float = Field(default=20.0, gt=0, le=180)  # INVITE to 200
    min_mos: float = Field(default=3.5, ge=0, le=4.5)  # MOS-CQE, G.107, of what is heard; 0: not asked
    failures: int = Field(default=1, ge=1)  # in a row, before the alarm
