"""Random tokens and time-ordered ids from a block of random digits: one getrandom call serves hundreds of them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport int64_t
from libc.string cimport memcpy

import os as _os

cdef enum:
    BLOCK = 4096             # octets read at once
    RANDOM_DIGITS = 19       # of an id: 12 bits, 2 bits and 60 bits
    ID_DIGITS = 32

cdef bytes _digits = b""     # hexadecimal, lower case
cdef Py_ssize_t _at = 0


cdef const char* draw(Py_ssize_t length) except NULL:
    """`length` digits that nobody has had; valid until the next call."""
    global _digits, _at
    cdef Py_ssize_t start = _at
    if start + length > PyBytes_GET_SIZE(_digits):
        _digits = _os.urandom(max(BLOCK, length)).hex().encode()
        start = 0
    _at = start + length
    return PyBytes_AS_STRING(_digits) + start


def _forget():
    """What was drawn belongs to one process: after a fork the child draws anew."""
    global _digits, _at
    _digits, _at = b"", 0


_os.register_at_fork(after_in_child=_forget)


def token(Py_ssize_t length=16):
    if length < 0:
        raise ValueError(f"a token has 0 digits or more, not {length}")
    return PyUnicode_DecodeASCII(draw(length), length, NULL)


def new_id(double unix):
    cdef char[ID_DIGITS] text
    cdef int64_t milliseconds = <int64_t>(unix * 1000)
    cdef const char* random = draw(RANDOM_DIGITS)
    cdef int i
    for i in range(12):
        text[11 - i] = b"0123456789abcdef"[(milliseconds >> (4 * i)) & 15]
    text[12] = b"7"
    memcpy(&text[13], random, 3)
    text[16] = b"89ab"[random[3] & 3]
    memcpy(&text[17], random + 4, 15)
    return PyUnicode_DecodeASCII(text, ID_DIGITS, NULL)
