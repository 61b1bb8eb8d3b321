"""One pass over a SIP message: where its start line, headers and body are, and the first thing that is wrong with it.

Structs and free functions; `Scan` in the .pyx is the class over them. All positions are offsets into the message.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memchr, memcmp, memset

from core.sipwords cimport (
    MAX_BRANCH, MAX_CALL_ID, MAX_CONTACTS, MAX_HEAD, MAX_HEADERS, MAX_HOST, MAX_MESSAGE, MAX_METHOD, MAX_NAME, MAX_TAG,
    MAX_URI, MAX_VIAS, Address, Slice, ViaOutline, is_digit, is_space, lower, next_parameter, number, read_address,
    read_via, same, skip_space, skip_token, uri_is_sound,
)

# The headers that each message needs; all others are found by name when somebody asks.
cdef enum:
    OTHER, VIA, FROM, TO, CALL_ID, CSEQ, CONTACT, CONTENT_LENGTH, MAX_FORWARDS, KINDS

# What is wrong with a message: an index into sipscan.PROBLEMS, which holds status and reason.
cdef enum:
    FINE, TOO_LARGE, HEAD_TOO_LARGE, NOT_SIP, BAD_VERSION, BAD_START_LINE, BAD_METHOD, URI_TOO_LONG, BAD_REQUEST_URI, BAD_STATUS
    NO_END_OF_HEADERS, BAD_LINE_END, CONTROL_CHARACTER, BAD_HEADER_NAME, TOO_MANY_HEADERS, TOO_MANY_VIAS
    TOO_MANY_CONTACTS, NO_VIA, NO_FROM, NO_TO, NO_CALL_ID, NO_CSEQ, REPEATED_HEADER, BAD_VIA, BRANCH_TOO_LONG, BAD_FROM
    BAD_TO, BAD_CALL_ID, BAD_CSEQ, CSEQ_MISMATCH, BAD_MAX_FORWARDS, BAD_CONTENT_LENGTH, BODY_TOO_LARGE, BODY_CUT_OFF
    NO_CONTENT_LENGTH, HEADERS_IN_REQUEST_URI, PROBLEMS_END

cdef struct Header:
    uint32_t name            # offset of the name
    uint32_t value           # offset of the value, white space skipped
    uint32_t end             # offset after the value, white space trimmed
    uint8_t name_len
    uint8_t kind             # one of the above
    uint8_t folded           # the value runs over several lines

cdef struct Outline:
    int problem              # the first one found
    int count                # header lines
    int status               # of a response
    int max_forwards         # -1 when absent
    uint32_t cseq
    uint32_t body
    uint32_t body_end
    int64_t content_length   # -1 when absent
    bint framed              # there is one Content-Length, and it can be trusted
    uint8_t first[9]         # by Kind: index of its first header line plus one, 0 when absent
    uint8_t seen[9]          # by Kind: number of header lines
    uint32_t vias            # Via values on all lines
    Slice method             # of the start line
    Slice uri                # Request-URI
    Slice reason             # of a response
    Slice call_id
    Slice cseq_method
    Address from_
    Address to
    ViaOutline via


cdef inline int blame(Outline* o, int problem) noexcept nogil:
    """Keeps the first fault; returns `problem`, so that a reader can leave with it (readers return FINE otherwise)."""
    if o.problem == FINE:
        o.problem = problem
    return problem


cdef inline int classify(const uint8_t* p, uint32_t at, uint32_t length) noexcept nogil:
    """The Kind of a header name, full or compact."""
    cdef uint32_t end = at + length
    cdef uint8_t c = lower(p[at])
    if length == 1:
        if c == b'v': return VIA
        if c == b'f': return FROM
        if c == b't': return TO
        if c == b'i': return CALL_ID
        if c == b'm': return CONTACT
        if c == b'l': return CONTENT_LENGTH
    elif c == b'v' and same(p, at, end, b"via", 3): return VIA
    elif c == b'f' and same(p, at, end, b"from", 4): return FROM
    elif c == b't' and same(p, at, end, b"to", 2): return TO
    elif c == b'c':
        if same(p, at, end, b"cseq", 4): return CSEQ
        if same(p, at, end, b"call-id", 7): return CALL_ID
        if same(p, at, end, b"contact", 7): return CONTACT
        if same(p, at, end, b"content-length", 14): return CONTENT_LENGTH
    elif c == b'm' and same(p, at, end, b"max-forwards", 12): return MAX_FORWARDS
    return OTHER


cdef inline uint32_t end_of_line(const uint8_t* p, uint32_t at, uint32_t size) noexcept nogil:
    """Offset of the CR of the CRLF that ends the line at `at`; `size` when there is none."""
    cdef const uint8_t* found = <const uint8_t*>memchr(p + at, 10, size - at)
    if found == NULL or found == p + at or (found - 1)[0] != 13:
        return size
    return <uint32_t>(found - p) - 1


cdef inline uint32_t control_characters(const uint8_t* p, uint32_t end) noexcept nogil:
    """How many bytes below `end` are control characters other than TAB; plain enough to be vectorised."""
    cdef uint32_t i, n = 0
    for i in range(end):
        n += ((p[i] < 32) & (p[i] != 9)) | (p[i] == 127)
    return n


cdef inline uint32_t commas(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    cdef uint32_t i, n = 0
    for i in range(at, end):
        n += p[i] == 44
    return n


cdef inline int read_request_line(const uint8_t* p, uint32_t end, Outline* o) noexcept nogil:
    """Method SP Request-URI SP SIP/2.0 (RFC 3261 section 7.1): one space each, or it is refused."""
    cdef uint32_t i = skip_token(p, 0, end)
    cdef bint headers
    o.method.end = i
    if i == 0 or i > MAX_METHOD:
        return blame(o, BAD_METHOD)
    if i >= end or p[i] != 32:
        return blame(o, BAD_START_LINE)
    i += 1
    o.uri.at = i
    while i < end and p[i] != 32:
        i += 1
    o.uri.end = i
    if end - i < 5 or not same(p, i + 1, i + 5, b"sip/", 4):
        return blame(o, BAD_START_LINE)
    if memchr(p + i + 1, 32, end - i - 1) != NULL:
        return blame(o, BAD_START_LINE)
    if not same(p, i + 5, end, b"2.0", 3):
        return blame(o, BAD_VERSION)
    if o.uri.end - o.uri.at > MAX_URI:
        return blame(o, URI_TOO_LONG)
    if not uri_is_sound(p, o.uri.at, o.uri.end, &headers):
        return blame(o, BAD_REQUEST_URI)
    if headers:  # forbidden there (RFC 3261 table 1), and a way to smuggle a Route
        blame(o, HEADERS_IN_REQUEST_URI)


cdef inline int read_status_line(const uint8_t* p, uint32_t end, Outline* o) noexcept nogil:
    """SIP/2.0 SP 3DIGIT SP reason, which may be empty (RFC 3261 section 7.2)."""
    if end < 12 or not same(p, 0, 8, b"sip/2.0 ", 8) or p[11] != 32:
        return blame(o, BAD_STATUS)
    o.status = <int>number(p, 8, 11)
    if o.status < 100 or o.status > 699:
        return blame(o, BAD_STATUS)
    o.reason.at = 12
    o.reason.end = end


cdef inline uint32_t read_header(const uint8_t* p, uint32_t at, uint32_t size, Header* h, uint32_t* lines) noexcept nogil:
    """Reads the header line at `at` with its folds. Returns the offset of the next line, 0 when a line does not end.

    `name_len` stays 0 when the line is not a header.
    """
    cdef uint32_t end = end_of_line(p, at, size)
    cdef uint32_t i
    memset(h, 0, sizeof(Header))
    if end == size:
        return 0
    lines[0] += 1
    while end + 2 < size and (p[end + 2] == 32 or p[end + 2] == 9):
        h.folded = 1
        end = end_of_line(p, end + 2, size)
        if end == size:
            return 0
        lines[0] += 1
    i = skip_token(p, at, end)
    h.name = at
    if i - at <= MAX_NAME:
        h.name_len = <uint8_t>(i - at)
    while i < end and (p[i] == 32 or p[i] == 9):
        i += 1
    if i >= end or p[i] != 58:  # ':'
        h.name_len = 0
    h.value = skip_space(p, i + 1, end)
    h.end = end
    while h.end > h.value and is_space(p[h.end - 1]):
        h.end -= 1
    if h.name_len:
        h.kind = classify(p, at, h.name_len)
    return end + 2


cdef inline int read_headers(const uint8_t* p, uint32_t at, uint32_t size, Header* out, Outline* o) noexcept nogil:
    """All header lines to the empty one; sets `body`. Returns a Problem when there is no such end."""
    cdef uint32_t lines = 1
    cdef uint32_t start
    cdef Header h
    while True:
        if size - at >= 2 and p[at] == 13 and p[at + 1] == 10:
            at += 2
            break
        start = at
        at = read_header(p, at, size, &h, &lines)
        if at == 0:
            o.body = size
            return blame(o, NO_END_OF_HEADERS if memchr(p + start, 10, size - start) == NULL else BAD_LINE_END)
        if h.name_len == 0:
            blame(o, BAD_HEADER_NAME)
            continue
        if o.count == MAX_HEADERS:
            blame(o, TOO_MANY_HEADERS)
            continue
        out[o.count] = h
        o.count += 1
        if o.first[h.kind] == 0:
            o.first[h.kind] = <uint8_t>o.count
        o.seen[h.kind] += 1
    o.body = at
    if at > MAX_HEAD:
        blame(o, HEAD_TOO_LARGE)
    if control_characters(p, at) != 2 * (lines + 1):
        blame(o, CONTROL_CHARACTER)


cdef inline int check_counts(const uint8_t* p, const Header* lines, Outline* o) noexcept nogil:
    """The mandatory headers are there, those that may come once do, and the lists stay within bounds."""
    cdef uint32_t vias = 0, contacts = 0
    cdef int i
    if not o.first[VIA]: blame(o, NO_VIA)
    if not o.first[FROM]: blame(o, NO_FROM)
    if not o.first[TO]: blame(o, NO_TO)
    if not o.first[CALL_ID]: blame(o, NO_CALL_ID)
    if not o.first[CSEQ]: blame(o, NO_CSEQ)
    if (o.seen[FROM] > 1 or o.seen[TO] > 1 or o.seen[CALL_ID] > 1 or o.seen[CSEQ] > 1 or o.seen[CONTENT_LENGTH] > 1
            or o.seen[MAX_FORWARDS] > 1):
        blame(o, REPEATED_HEADER)
    for i in range(o.count):
        if lines[i].kind == VIA:
            vias += 1 + commas(p, lines[i].value, lines[i].end)
        elif lines[i].kind == CONTACT:
            contacts += 1 + commas(p, lines[i].value, lines[i].end)
    o.vias = vias
    if vias > MAX_VIAS:
        blame(o, TOO_MANY_VIAS)
    if contacts > MAX_CONTACTS:
        blame(o, TOO_MANY_CONTACTS)


cdef inline int read_cseq(const uint8_t* p, const Header* h, Outline* o) noexcept nogil:
    """1*DIGIT LWS Method, below 2^31 (RFC 3261 section 8.1.1.5); the method is the request's own."""
    cdef uint32_t i = h.value
    cdef int64_t value
    while i < h.end and is_digit(p[i]):
        i += 1
    value = number(p, h.value, i)
    o.cseq_method.at = skip_space(p, i, h.end)
    o.cseq_method.end = h.end
    if (value < 0 or value > 0x7fffffff or o.cseq_method.at == i or o.cseq_method.at == h.end
            or skip_token(p, o.cseq_method.at, h.end) != h.end):
        o.cseq_method.end = o.cseq_method.at
        return blame(o, BAD_CSEQ)
    o.cseq = <uint32_t>value
    if o.method.end:
        i = o.method.end
        if h.end - o.cseq_method.at != i:
            return blame(o, CSEQ_MISMATCH)
        while i > 0:
            i -= 1
            if p[i] != p[o.cseq_method.at + i]:
                return blame(o, CSEQ_MISMATCH)


cdef inline int read_identity(const uint8_t* p, const Header* lines, Outline* o) noexcept nogil:
    """What tells transactions and dialogs apart: top Via, From, To, Call-ID, CSeq; and Max-Forwards."""
    cdef const Header* h
    cdef uint32_t i
    if o.first[VIA]:
        h = &lines[o.first[VIA] - 1]
        if not read_via(p, h.value, h.end, &o.via):
            o.via.host.end = o.via.host.at
            blame(o, BAD_VIA)
        if o.via.branch.end - o.via.branch.at > MAX_BRANCH:
            blame(o, BRANCH_TOO_LONG)
    if o.first[FROM]:
        h = &lines[o.first[FROM] - 1]
        if not read_address(p, h.value, h.end, &o.from_): blame(o, BAD_FROM)
    if o.first[TO]:
        h = &lines[o.first[TO] - 1]
        if not read_address(p, h.value, h.end, &o.to): blame(o, BAD_TO)
    if o.first[CALL_ID]:
        h = &lines[o.first[CALL_ID] - 1]
        o.call_id.at, o.call_id.end = h.value, h.end
        i = h.value
        while i < h.end and 32 < p[i] < 127:
            i += 1
        if i < h.end or h.value == h.end or h.end - h.value > MAX_CALL_ID:
            o.call_id.end = o.call_id.at
            blame(o, BAD_CALL_ID)
    if o.first[CSEQ]:
        read_cseq(p, &lines[o.first[CSEQ] - 1], o)
    o.max_forwards = -1
    if o.first[MAX_FORWARDS]:
        h = &lines[o.first[MAX_FORWARDS] - 1]
        o.max_forwards = <int>min(number(p, h.value, h.end), 1000)
        if o.max_forwards < 0 or o.max_forwards > 255: blame(o, BAD_MAX_FORWARDS)


cdef inline int measure_body(const uint8_t* p, uint32_t size, const Header* lines, bint stream, Outline* o) noexcept nogil:
    """Where the body ends (RFC 3261 section 18.3): a datagram may carry more than Content-Length says, never less."""
    cdef const Header* h
    if not o.first[CONTENT_LENGTH]:
        return blame(o, NO_CONTENT_LENGTH) if stream else FINE
    h = &lines[o.first[CONTENT_LENGTH] - 1]
    o.content_length = number(p, h.value, h.end)
    if o.content_length < 0:
        return blame(o, BAD_CONTENT_LENGTH)
    if o.content_length > MAX_MESSAGE:
        return blame(o, BODY_TOO_LARGE)
    o.framed = o.seen[CONTENT_LENGTH] == 1
    if o.body + o.content_length > size:
        return blame(o, BODY_CUT_OFF)
    o.body_end = o.body + <uint32_t>o.content_length


cdef inline int scan(const uint8_t* p, uint32_t size, bint stream, Header* lines, Outline* o) noexcept nogil:
    """The whole pass over a message of at most MAX_MESSAGE bytes that starts with its start line."""
    cdef uint32_t end = end_of_line(p, 0, size)
    if end == size:
        o.body = o.body_end = size
        return blame(o, NOT_SIP)
    if size > 4 and memcmp(p, b"SIP/", 4) == 0:
        read_status_line(p, end, o)
    else:
        read_request_line(p, end, o)
    o.body_end = size
    o.content_length = -1
    if read_headers(p, end + 2, size, lines, o) == FINE:
        measure_body(p, size, lines, stream, o)
    check_counts(p, lines, o)
    read_identity(p, lines, o)


cdef class Scan:
    cdef readonly bytes data
    cdef Outline outline
    cdef Header* lines
    cdef object _body, _call_id, _cseq_method, _from_tag, _to_tag, _branch, _method, _uri, _content_type
    cdef str _host              # of where it came from; None: nobody said
    cdef int _port
    cdef public object parsed_via, parsed_from, parsed_to, parsed_contacts

    cdef str text(self, uint32_t at, uint32_t end, bint folded)
    cdef str long_key(self, str method)
    cdef int find(self, str name, int start) except -2
    cdef char* write_top_via(self, const Header* h, char* out)
    cdef Py_ssize_t echo_room(self, Py_ssize_t tag) except -1
    # The lines that a response repeats; returns the place behind them.
    cdef char* write_echo(self, char* out, const char* tag, Py_ssize_t tag_length)
    cdef str method_name(self, Slice at)
