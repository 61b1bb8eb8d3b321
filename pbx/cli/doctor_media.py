"""The doctor's look at media: codecs turn sound into octets and back, and what encryption needs loads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from pbx.cli.finding import Finding
from pbx.config import Config

TONE_HZ, AMPLITUDE = 1000, 8000
FRAME_MS, FRAMES = 20, 25
SETTLED_MS = 100  # a codec may need so long until it is in tune
MIN_RATIO, MAX_RATIO = 0.7, 1.4  # of the tone's level after the way there and back, 3 dB
REMEDY = "rebuild: make clean setup"


def check_codecs(config: Config) -> Iterator[Finding]:
    """Sends a tone through each configured codec."""
    for name in config.media.codecs:
        try:
            ratio = _ratio(name)
        except ImportError as error:
            yield Finding("codec", "bad", f"{name}: {error}", REMEDY)
            continue
        family = " (G.711)" if name in ("PCMA", "PCMU") else ""
        text = f"{name}{family} gives a tone back at {ratio:.2f} of its level"
        good = MIN_RATIO <= ratio <= MAX_RATIO
        yield Finding("codec", "good" if good else "bad", text, "" if good else REMEDY)


def check_encryption(config: Config) -> Iterator[Finding]:
    """Loads what the configured `media_encryption` needs; nothing when no account asks for it."""
    policies = {entry.media_encryption for entry in config.extension}
    policies |= {entry.media_encryption for entry in config.trunk}
    if policies == {"none"} or not policies:
        return
    for what, load in (("SRTP (libsrtp)", _load_srtp), ("DTLS (OpenSSL)", _load_dtls)):
        try:
            load()
        except Exception as error:  # wheels for another machine fail in ways of their own
            text = f"{what} does not load: {error}; calls that need it are refused with 488"
            yield Finding("encryption", "bad", text, "install the server's packages again")
        else:
            yield Finding("encryption", "good", f"{what} loads")


def _load_srtp() -> None:
    import pylibsrtp

    pylibsrtp.Policy(srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM)


def _load_dtls() -> None:
    from pbx.media.webrtc.certificate import fingerprint

    fingerprint()


def _ratio(name: str) -> float:
    """Level of a tone after encoding and decoding, over its level before. ImportError without the core."""
    rate, way = _way(name)
    frame = rate * FRAME_MS // 1000
    back: list[int] = []
    for number in range(FRAMES):
        samples = [_sample(index, rate) for index in range(number * frame, (number + 1) * frame)]
        octets = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
        found = way(octets)
        back += [int.from_bytes(found[at : at + 2], "little", signed=True) for at in range(0, len(found), 2)]
    settled = back[rate * SETTLED_MS // 1000 :]
    return math.sqrt(sum(sample * sample for sample in settled) / len(settled)) / (AMPLITUDE / math.sqrt(2))


def _sample(index: int, rate: int) -> int:
    return round(AMPLITUDE * math.sin(2 * math.pi * TONE_HZ * index / rate))


def _way(name: str) -> tuple[int, Callable[[bytes], bytes]]:
    """The rate in Hz, and one frame's way there and back."""
    if name in ("PCMA", "PCMU"):
        from core.signal import g711

        encode, decode = {
            "PCMA": (g711.alaw_encode_bytes, g711.alaw_decode_bytes),
            "PCMU": (g711.ulaw_encode_bytes, g711.ulaw_decode_bytes),
        }[name]
        return 8000, lambda pcm: decode(encode(pcm))
    if name == "G722":
        from core.signal import g722

        wide, narrow = g722.Encoder(), g722.Decoder()
        return 16000, lambda pcm: narrow.decode(wide.encode(pcm))
    if name == "opus":
        from core.signal import opus

        packer, unpacker = opus.Encoder(48000), opus.Decoder(48000)
        return 48000, lambda pcm: unpacker.decode(packer.encode(pcm))
    return 16000, bytes  # L16 is the samples themselves
