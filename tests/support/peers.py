"""Libraries of the field, by ctypes, as oracles and for comparison: present where Debian's packages are, else None."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np

DIGIT_PROC = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)


def _load(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


@lru_cache
def spandsp() -> Any:
    """libspandsp2 0.0.6 with the few prototypes that are used, or None."""
    lib = _load("libspandsp.so.2")
    if lib is not None:
        pointer, size = ctypes.c_void_p, ctypes.c_int
        for name in ("g722_encode_init", "g722_decode_init"):
            getattr(lib, name).restype = pointer
            getattr(lib, name).argtypes = [pointer, size, size]
        lib.g722_encode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, size]
        lib.g722_decode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, size]
        lib.dtmf_rx_init.restype = pointer
        lib.dtmf_rx_init.argtypes = [pointer, pointer, pointer]
        lib.dtmf_rx.argtypes = [pointer, ctypes.c_char_p, size]
        lib.dtmf_rx_get.argtypes = [pointer, ctypes.c_char_p, size]
        lib.dtmf_rx_get.restype = ctypes.c_size_t
        for name in ("g722_encode_free", "g722_decode_free", "dtmf_rx_free"):
            getattr(lib, name).argtypes = [pointer]
    return lib


@lru_cache
def speexdsp() -> Any:
    """libspeexdsp, or None."""
    return _load("libspeexdsp.so.1")


def g722_encode(pcm: bytes) -> bytes:
    """By spandsp."""
    lib = spandsp()
    state = lib.g722_encode_init(None, 64000, 0)
    out = ctypes.create_string_buffer(len(pcm))
    size = lib.g722_encode(state, out, pcm, len(pcm) // 2)
    lib.g722_encode_free(state)
    return out.raw[:size]


def g722_decode(data: bytes) -> bytes:
    """By spandsp."""
    lib = spandsp()
    state = lib.g722_decode_init(None, 64000, 0)
    out = ctypes.create_string_buffer(4 * len(data))
    count = lib.g722_decode(state, out, data, len(data))
    lib.g722_decode_free(state)
    return out.raw[: 2 * count]


class SpandspDtmf:
    """spandsp's detector with its own defaults."""

    def __init__(self) -> None:
        self._state = spandsp().dtmf_rx_init(None, None, None)

    def feed(self, pcm: bytes) -> str:
        """8 kHz s16 samples; the digits that were accepted in them."""
        lib = spandsp()
        heard = ctypes.create_string_buffer(128)
        out = ""
        for at in range(0, len(pcm), 1600):
            part = pcm[at : at + 1600]
            lib.dtmf_rx(self._state, part, len(part) // 2)
            count = lib.dtmf_rx_get(self._state, heard, 100)
            out += heard.raw[:count].decode("ascii")
        return out

    def __del__(self) -> None:
        if spandsp() is not None:
            spandsp().dtmf_rx_free(self._state)


def spandsp_digits(sound: np.ndarray) -> str:
    return SpandspDtmf().feed(np.clip(np.round(sound), -32768, 32767).astype(np.int16).tobytes())
