"""Requests as bytes, written in one pass: see the .pyi."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    PARTS = 32
    DIGITS = 20              # of the longest number

cdef struct Part:
    const char* at
    Py_ssize_t size

cdef struct Writing:
    int parts
    Py_ssize_t size
    int numbers
    Part part[PARTS]
    char digits[4][DIGITS]


cdef inline void literal(Writing* w, const char* at, Py_ssize_t size) noexcept:
    w.part[w.parts].at, w.part[w.parts].size = at, size
    w.parts += 1
    w.size += size


cdef inline int text(Writing* w, str value) except -1:
    cdef Py_ssize_t size
    cdef const char* at = PyUnicode_AsUTF8AndSize(value, &size)
    literal(w, at, size)
    return 0


cdef inline void number(Writing* w, unsigned long long value) noexcept:
    cdef char* digits = w.digits[w.numbers]
    cdef int at = DIGITS
    w.numbers += 1
    while True:
        at -= 1
        digits[at] = <char>(48 + value % 10)
        value //= 10
        if not value:
            break
    literal(w, digits + at, DIGITS - at)


def request(
    str method not None, str uri not None, str transport not None, tuple address not None, str branch not None,
    str from_ not None, str to not None, str call_id not None, unsigned long long cseq, str extra not None="",
    bytes body not None=b"", str content_type not None="", unsigned int max_forwards=70,
):
    cdef Writing w
    cdef Py_ssize_t at = 0
    cdef int i
    cdef str host = address[0]
    w.parts = w.numbers = 0
    w.size = 0
    transport = transport.upper()
    text(&w, method)
    literal(&w, b" ", 1)
    text(&w, uri)
    literal(&w, b" SIP/2.0\r\nVia: SIP/2.0/", 23)
    text(&w, transport)
    literal(&w, b" ", 1)
    text(&w, host)
    literal(&w, b":", 1)
    number(&w, <unsigned int>address[1])
    literal(&w, b";rport;branch=", 14)
    text(&w, branch)
    literal(&w, b"\r\nMax-Forwards: ", 16)
    number(&w, max_forwards)
    literal(&w, b"\r\nFrom: ", 8)
    text(&w, from_)
    literal(&w, b"\r\nTo: ", 6)
    text(&w, to)
    literal(&w, b"\r\nCall-ID: ", 11)
    text(&w, call_id)
    literal(&w, b"\r\nCSeq: ", 8)
    number(&w, cseq)
    literal(&w, b" ", 1)
    text(&w, method)
    literal(&w, b"\r\n", 2)
    text(&w, extra)
    if body:
        literal(&w, b"Content-Type: ", 14)
        text(&w, content_type)
        literal(&w, b"\r\n", 2)
    literal(&w, b"Content-Length: ", 16)
    number(&w, len(body))
    literal(&w, b"\r\n\r\n", 4)
    literal(&w, PyBytes_AS_STRING(body), len(body))
    out = PyBytes_FromStringAndSize(NULL, w.size)
    for i in range(w.parts):
        memcpy(PyBytes_AS_STRING(out) + at, w.part[i].at, w.part[i].size)
        at += w.part[i].size
    return out
