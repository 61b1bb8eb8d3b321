"""What a phone changes from one call to the next in its session description: the origin and the port, nothing else."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcmp, memcpy

cdef enum:
    MAX_REMEMBERED = 4096    # octets


cdef extern from "<string.h>" nogil:

    const void* memchr(const void* where, int what, size_t size)


cdef inline bint starts(const char* line, Py_ssize_t left, const char* what, Py_ssize_t length) noexcept nogil:
    return left >= length and memcmp(line, what, length) == 0


cdef struct Places:
    Py_ssize_t origin        # of the line feed before o=
    Py_ssize_t after         # of the line feed that ends it
    Py_ssize_t port          # of its first digit
    Py_ssize_t stop          # of the space behind it
    int number


cdef bint find_places(const char* p, Py_ssize_t size, Places* at) noexcept nogil:
    """Whether this is a plain description of one audio stream, switched on and without keys in it."""
    cdef const char* end = p + size
    cdef const char* line = p
    cdef const char* rest
    cdef Py_ssize_t left, digits = 0
    cdef bint audio = False
    at.origin = at.after = -1
    at.number = 0
    while True:
        line = <const char*>memchr(line, 10, end - line)
        if line == NULL:
            break
        rest = line + 1
        left = end - rest
        if starts(rest, left, b"o=", 2) and at.origin < 0:
            at.origin = line - p
            line = <const char*>memchr(rest, 10, left)
            if line == NULL:
                return False
            at.after = line - p
            continue
        if at.after >= 0 and starts(rest, left, b"m=", 2):
            if audio or not starts(rest, left, b"m=audio ", 8):
                return False
            audio = True
            at.port = rest + 8 - p
            at.stop = at.port
            while at.stop < size and b"0" <= p[at.stop] <= b"9" and digits < 6:
                at.number = 10 * at.number + (p[at.stop] - 48)
                at.stop += 1
                digits += 1
            if digits == 0 or digits > 5 or at.stop == size or p[at.stop] != 32:
                return False
        elif starts(rest, left, b"a=crypto", 8) or starts(rest, left, b"a=fingerprint", 13):
            return False
        elif starts(rest, left, b"a=ice-", 6) or starts(rest, left, b"a=candidate", 11):
            return False
        line = rest
    return audio and 0 < at.number <= 65535


def split_port(bytes description not None):
    cdef Places at
    cdef const char* p = PyBytes_AS_STRING(description)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(description)
    cdef Py_ssize_t between, behind
    cdef bytes same
    cdef char* out
    if size > MAX_REMEMBERED or not find_places(p, size, &at):
        return None
    between = at.port - at.after
    behind = size - at.stop
    same = PyBytes_FromStringAndSize(NULL, at.origin + between + 1 + behind)
    out = PyBytes_AS_STRING(same)
    memcpy(out, p, at.origin)
    memcpy(out + at.origin, p + at.after, between)
    out[at.origin + between] = b"1"  # stands for every port
    memcpy(out + at.origin + between + 1, p + at.stop, behind)
    return same, at.number
