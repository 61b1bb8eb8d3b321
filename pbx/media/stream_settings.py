"""What a media thread is told of a stream: offer and answer and the configuration, in its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.engine import engine as wire

if TYPE_CHECKING:
    from pbx.config import Media
    from pbx.media.session import FarEnd

LATCHES = {
    "signalled": wire.LATCH_SIGNALLED,
    "any": wire.LATCH_ANY,
    "strict": wire.LATCH_STRICT,
    "told": wire.LATCH_TOLD,
}
NOWHERE, DISCARD_PORT = "0.0.0.0", 9  # noqa: S104 - how the media threads are told that there is no far end to send to


def stream_settings(config: Media, settings: FarEnd, latch: str | None, *, digits_signalled: bool) -> dict[str, Any]:
    """The arguments of `core.engine.engine.Engine.configure`. `latch` None is the configured one; ValueError for one
    that there is not. `digits_signalled`: no digits go to the far end in RTP.
    """
    policy = config.latch if latch is None else latch
    if policy not in LATCHES:
        raise ValueError(f"latch {policy!r} is none of {', '.join(LATCHES)}")
    heard_event = settings.heard_event_type if settings.heard_event_type >= 0 else settings.event_payload_type
    described = settings.cn_payload_type >= 0 or "usedtx=1" in settings.parameters
    return {
        "remote_ip": settings.remote_ip or NOWHERE,
        "remote_port": settings.remote_port or DISCARD_PORT,
        "remote_rtcp_port": settings.remote_rtcp_port,
        "codec": settings.codec,
        "payload_type": settings.payload_type,
        "event_payload_type": -1 if digits_signalled else settings.event_payload_type,
        "heard_payload_type": settings.heard_payload_type,
        "heard_event_type": heard_event,
        "noise_payload_type": settings.cn_payload_type,
        "ptime_ms": settings.ptime_ms,
        "receive": settings.receive,
        "send": settings.send,
        "latch": LATCHES[policy],
        "rtcp_mux": settings.rtcp_mux,
        "suppress_silence": described and config.silence_suppression,
        "digits_signalled": digits_signalled,
        "rtp_timeout_ms": int(config.rtp_timeout_s * 1000 + 0.5) if settings.receive else 0,
    }
