"""Which of the peers stand on this machine: what is absent is named in the table, never guessed."""

from __future__ import annotations

import importlib.util
import shutil
import warnings

from bench.load import janus, relay_rtpengine
from tests.support import peers

HOW = {
    "rtpengine": "apt-get install rtpengine-daemon",
    "Janus": "apt-get install janus",
    "libspandsp": "apt-get install libspandsp2",
    "libspeexdsp": "apt-get install libspeexdsp1",
    "aiortc": "pip install aiortc",
    "pylibsrtp": "pip install pylibsrtp",
    "soxr": "pip install soxr",
    "audioop": "gone from Python 3.13 on",
    "Asterisk": "not in Debian 12: its rows are of an earlier measurement",
    "FreeSWITCH": "not in Debian 12: its rows are of an earlier measurement",
}


def absent() -> list[str]:
    """The names of HOW that cannot be measured here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        here = {
            "rtpengine": relay_rtpengine.is_installed(),
            "Janus": janus.is_installed(),
            "libspandsp": peers.spandsp() is not None,
            "libspeexdsp": peers.speexdsp() is not None,
            "aiortc": _has("aiortc"),
            "pylibsrtp": _has("pylibsrtp"),
            "soxr": _has("soxr"),
            "audioop": _has("audioop"),
            "Asterisk": shutil.which("asterisk") is not None,
            "FreeSWITCH": shutil.which("freeswitch") is not None,
        }
    return [name for name in HOW if not here[name]]


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
