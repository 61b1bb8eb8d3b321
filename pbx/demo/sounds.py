"""What the SIPp phones send: a tone of its own for each of them, and the key press.

Tones are headerless A-law of one second (whole periods, so that they repeat without a click). The key is RFC 4733 in a
capture file where SIPp may replay one (it needs a raw socket), otherwise its two tones in the audio.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from core.signal.g711 import alaw_encode_bytes
from core.signal.tone import tone_bytes

RATE = 8000
LEVEL_DBM0 = -9.0
KEY_LEVEL_DBM0 = -8.0
EVENT_PAYLOAD_TYPE = 101
MEDIA_PORT = 6000
KEY_TONES = {"1": (697.0, 1209.0), "2": (697.0, 1336.0), "3": (697.0, 1477.0)}


def caller_tone(index: int) -> float:
    """The frequency of caller number `index` (from 0), in Hz."""
    return 400.0 + 20.0 * index


def agent_tone(index: int) -> float:
    """The frequency of agent number `index` (from 0), in Hz; apart from every caller's."""
    return 1100.0 + 150.0 * index


def write_tone(path: Path, frequency: float) -> None:
    """One second of `frequency`."""
    path.write_bytes(alaw_encode_bytes(tone_bytes(frequency, 0.0, LEVEL_DBM0, RATE)))


def write_key_tones(path: Path, key: str) -> None:
    """160 ms of the key's tones between silence, as a phone without telephone-event sends it."""
    silence = bytes(2 * RATE // 10)
    pressed = tone_bytes(*KEY_TONES[key], KEY_LEVEL_DBM0, RATE * 16 // 100)
    path.write_bytes(alaw_encode_bytes(silence + pressed + silence))


def write_key_capture(path: Path, key: str) -> None:
    """The key as RFC 4733 packets (100 ms, the end three times) in a capture file of Ethernet frames."""
    packets = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (5, 1), (5, 1)]
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for index, (step, end) in enumerate(packets):
        event = struct.pack("!BBH", int(key), end << 7 | 10, step * RATE // 50)
        marker = 0x80 if index == 0 else 0
        rtp = struct.pack("!BBHII", 0x80, marker | EVENT_PAYLOAD_TYPE, index + 1, 16000, 0x0DDF00D0) + event
        udp = struct.pack("!HHHH", MEDIA_PORT, MEDIA_PORT, 8 + len(rtp), 0) + rtp
        header = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x7F000001, 0x7F000001)
        frame = bytes(12) + b"\x08\x00" + header + udp
        out += struct.pack("<IIII", 0, index * 20_000, len(frame), len(frame)) + frame
    path.write_bytes(out)


def may_replay_captures() -> bool:
    """Whether SIPp can replay a capture file: it sends through a raw socket, which takes root or CAP_NET_RAW."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except OSError:
        return False
    return True
