"""How prompts are spoken: voices, engines, and what stands in when one fails."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.config_base import Language, Section


class SpeechEngine(Section):
    """An engine besides espeak-ng, which is always there under the name "espeak"."""

    name: str
    kind: Literal["espeak", "piper", "http"]
    command: list[str] = ["piper"]  # of kind piper
    keep: int = Field(default=3, ge=0, le=16)  # of kind piper: models that stay loaded; 0: one is loaded for each text
    idle_s: float = Field(default=900.0, ge=1)  # of kind piper: a model that nobody used for so long is unloaded
    url: str = ""  # of kind http: the words are POSTed there, a WAV comes back; {voice} in it is filled in
    headers: dict[str, str] = {}
    body: Literal["json", "text"] = "json"
    private: bool = False  # the address may lie in a private network or on this machine
    timeout_s: float = Field(default=10.0, gt=0, le=60)


class SpeechVoice(Section):
    """A voice by a name of our own, for speech.voices, flows and blocks."""

    name: str
    language: Language
    engine: str = "espeak"
    voice: str  # what the engine calls it: an espeak voice, a piper model, whatever an HTTP engine understands
    rate: int = Field(default=0, ge=0, le=400)  # words a minute; 0: speech.rate


class Recognizer(Section):
    """A server that makes text of speech: POST of a WAV as to OpenAI's /v1/audio/transcriptions."""

    url: str = ""  # its host must be one of http.hosts; "": nothing is recognized
    token: str = ""  # sent as "Authorization: Bearer"
    model: str = ""
    timeout_s: float = Field(default=120.0, gt=0, le=900)  # of a message; a caller who is listened to waits less


class Speech(Section):
    rate: int = Field(default=150, ge=80, le=400)  # words a minute
    # Of each language: a [[speech.voice]], else a voice of espeak-ng.
    voices: dict[Language, str] = {"pl": "pl", "ru": "ru", "en": "en-gb"}
    voice: list[SpeechVoice] = []
    engine: list[SpeechEngine] = []
    # Voices that stand in when that of the language cannot speak; without it espeak-ng's own.
    fallback: dict[Language, list[str]] = {}
    patience_s: float = Field(default=2.0, gt=0, le=30)  # a caller waits so long for each voice
    wide_rates: list[Literal[16000, 48000]] = [16000]  # kept beside 8 kHz
    recognizer: Recognizer = Recognizer()
    cache_dir: str = ""  # empty: <data_dir>/speech
    cache_mb: int = Field(
        default=4096, ge=64
    )  # of rendered speech; above it what was not read for the longest time goes
