"""Header values as nearly every client writes them, read in one pass; see the .pyi for the contract.

What is unusual - anything but ASCII, a backslash, a control character, broken grammar - gives None: the readers in
pbx.sip, which know all of the grammar, take it from there, and word the refusals.
"""

from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t
from libc.string cimport memchr

from core.sipwords cimport is_token, lower

cdef enum:
    MAX_KEY = 64             # characters of a parameter's name
    MAX_TEXT = 4096


cdef inline Py_ssize_t skip_blank(const uint8_t* p, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    while at < end and (p[at] == 32 or p[at] == 9):
        at += 1
    return at


cdef inline bint has_control(const uint8_t* p, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    """Whether there are control characters other than TAB, which Python's idea of white space includes some of."""
    cdef Py_ssize_t i
    cdef int n = 0
    for i in range(at, end):
        n += (p[i] < 32) & (p[i] != 9)
    return n != 0


cdef inline str cut(const uint8_t* p, Py_ssize_t at, Py_ssize_t end):
    return PyUnicode_DecodeASCII(<const char*>p + at, end - at, NULL)


cdef inline str lower_key(const uint8_t* p, Py_ssize_t at, Py_ssize_t end):
    cdef char[MAX_KEY] key
    cdef Py_ssize_t i
    for i in range(end - at):
        key[i] = <char>lower(p[at + i])
    return PyUnicode_DecodeASCII(key, end - at, NULL)


cdef const uint8_t* plain(str text, Py_ssize_t* size):
    """The characters of `text`; NULL when it is not short ASCII without control characters."""
    cdef const char* p
    if not text.isascii():
        return NULL
    p = PyUnicode_AsUTF8AndSize(text, size)
    if size[0] > MAX_TEXT or has_control(<const uint8_t*>p, 0, size[0]):
        return NULL
    return <const uint8_t*>p


cdef dict read_parameters(const uint8_t* p, Py_ssize_t at, Py_ssize_t end):
    cdef dict out = {}
    cdef Py_ssize_t name, stop, value
    while at < end:
        if p[at] != 59:  # ';'
            return None
        name = stop = at + 1
        while stop < end and is_token(p[stop]):
            stop += 1
        if stop == name or stop - name > MAX_KEY:
            return None
        at = value = stop
        if stop < end and p[stop] == 61:  # '='
            at = value = stop + 1
            while at < end and p[at] > 32 and p[at] != 59 and p[at] != 44 and p[at] != 34 and p[at] != 60 and p[at] != 62:
                at += 1
        key = lower_key(p, name, stop)
        if key not in out:  # the first counts
            out[key] = cut(p, value, at)
    return out


def parameters(str text not None, Py_ssize_t at=0):
    cdef Py_ssize_t size
    cdef const uint8_t* p = plain(text, &size)
    if p == NULL or not 0 <= at < size:
        return None
    return read_parameters(p, at, size)


def name_addr(str text not None):
    cdef Py_ssize_t size, start = 0, opening, closing, first, last
    cdef const uint8_t* p = plain(text, &size)
    cdef const void* found
    cdef dict values = None
    if p == NULL or size == 0:
        return None
    if p[0] == 34:  # '"'
        found = memchr(p + 1, 34, size - 1)
        if found == NULL or memchr(p, 92, size) != NULL:  # a backslash
            return None
        start = <const uint8_t*>found - p + 1
    found = memchr(p + start, 60, size - start)  # '<'
    if found == NULL:
        return None
    opening = <const uint8_t*>found - p
    found = memchr(p + opening, 62, size - opening)  # '>'
    if found == NULL:
        return None
    closing = <const uint8_t*>found - p
    if start:
        if skip_blank(p, start, opening) != opening:
            return None
        first, last = 1, start - 1
    else:
        first = skip_blank(p, 0, opening)
        last = opening
        while last > first and (p[last - 1] == 32 or p[last - 1] == 9):
            last -= 1
        if memchr(p + first, 34, last - first) != NULL:
            return None
    if closing + 1 < size:
        values = read_parameters(p, closing + 1, size)
        if values is None:
            return None
    return cut(p, first, last), cut(p, opening + 1, closing), values


def pairs(str text not None):
    cdef Py_ssize_t size, at = 0, name, stop, value, end
    cdef const uint8_t* p = plain(text, &size)
    cdef const void* found
    cdef dict out = {}
    if p == NULL or memchr(p, 92, size) != NULL:  # a backslash
        return None
    while at < size:
        name = stop = skip_blank(p, at, size)
        while stop < size and is_token(p[stop]):
            stop += 1
        if stop == name or stop - name > MAX_KEY:
            return None
        at = skip_blank(p, stop, size)
        if at == size or p[at] != 61:  # '='
            return None
        at = value = skip_blank(p, at + 1, size)
        if at < size and p[at] == 34:  # '"'
            value = at + 1
            found = memchr(p + value, 34, size - value)
            if found == NULL:
                return None
            end = <const uint8_t*>found - p
            at = end + 1
        else:
            while at < size and p[at] > 32 and p[at] != 44 and p[at] != 34:
                at += 1
            end = at
        at = skip_blank(p, at, size)
        if at < size:
            if p[at] != 44:  # ','
                return None
            at += 1
        key = lower_key(p, name, stop)
        if key in out:
            return None
        out[key] = cut(p, value, end)
    return out
