"""Configuration of sound: ports, codecs, silence, recordings, and what accounts say of their media."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Section

# How media is encrypted: "optional" takes what is offered and offers OSRTP (RFC 8643); "sdes" and "dtls" are required.
MediaEncryption = Literal["none", "optional", "sdes", "dtls"]
# How digits go to a far end: in RTP (RFC 4733, or as tones where it takes no events), or by SIP INFO.
DigitWay = Literal["rtp", "info"]
CodecName = Literal["PCMU", "PCMA", "G722", "opus", "L16"]


class Media(Section):
    listen: str = "0.0.0.0"  # noqa: S104 - calls come from everywhere
    port_min: int = Field(default=20000, ge=1024, le=65534)
    port_max: int = Field(default=29999, ge=1025, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    realtime: bool = True
    codecs: list[CodecName] = ["PCMA", "PCMU"]  # in the order of our offers
    codec_choice: Literal["theirs", "ours"] = "theirs"  # whose order decides when we answer an offer
    comfort_noise: bool = False  # offer RFC 3389, and take it when it is offered
    opus_complexity: int = Field(default=5, ge=0, le=10)  # processor time against quality
    opus_rate: Literal[8000, 16000, 48000] = 16000  # Hz of the sound: what is mixed, played and heard of Opus
    opus_bitrate: Literal[0] | Annotated[int, Field(ge=6000, le=128000)] = 0  # bit/s; 0: libopus chooses
    opus_expected_loss: int = Field(
        default=5, ge=0, le=100
    )  # percent that in-band error correction allows for, at least
    silence_suppression: bool = True  # to far ends that take it: comfort noise for silence, the pauses of Opus
    silence_dbm0: float = Field(default=-60.0, ge=-90, le=-30)  # softer than this is silence
    ptime_ms: Literal[10, 20, 30, 40, 60] = 20
    latch: Literal["signalled", "any", "strict"] = "signalled"
    rtp_timeout_s: float = Field(default=30.0, ge=0)  # 0: never
    recordings_dir: str = ""  # empty: <data_dir>/recordings
    recordings_key_file: str = ""  # 64 hexadecimal digits: recordings are encrypted with it; empty: they are not
    recordings_format: Literal["wav", "opus"] = "wav"  # opus: converted when the recording has ended
    music_dir: str = ""  # empty: music made by the project
