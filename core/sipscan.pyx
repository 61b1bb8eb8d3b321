"""SIP message scanner (RFC 3261 sections 7 and 25): bytes to header slices in one pass, no copies.

`Scan` never raises on what is in a message: the first fault is kept in `problem`, and the pass goes on, so that the
fault can still be answered from the headers that are there. Work is linear in the size of the message.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memchr, memcmp, memcpy, memset

LIMITS = {
    "message": MAX_MESSAGE, "headers": MAX_HEADERS, "vias": MAX_VIAS, "contacts": MAX_CONTACTS, "uri": MAX_URI,
    "host": MAX_HOST, "branch": MAX_BRANCH, "tag": MAX_TAG, "call_id": MAX_CALL_ID, "method": MAX_METHOD,
    "header_name": MAX_NAME,
}

# By Problem: status and reason phrase of the answer.
PROBLEMS = (
    (0, ""), (513, "Message Too Large"), (400, "Not SIP"), (505, "Version Not Supported"), (400, "Bad Start Line"),
    (400, "Bad Method"), (414, "Request-URI Too Long"), (400, "Bad Request-URI"), (400, "Bad Status Line"),
    (400, "Headers Do Not End"), (400, "Bad Line End"), (400, "Control Character In Header"), (400, "Bad Header Line"),
    (400, "Too Many Headers"), (400, "Too Many Via Values"), (400, "Too Many Contacts"), (400, "Missing Via"),
    (400, "Missing From"), (400, "Missing To"), (400, "Missing Call-ID"), (400, "Missing CSeq"),
    (400, "Repeated Header"), (400, "Bad Via"), (400, "Branch Too Long"), (400, "Bad From"), (400, "Bad To"),
    (400, "Bad Call-ID"), (400, "Bad CSeq"), (400, "CSeq Method Mismatch"), (400, "Bad Max-Forwards"),
    (400, "Bad Content-Length"), (413, "Request Entity Too Large"), (400, "Body Cut Off"),
    (400, "Missing Content-Length"), (400, "Headers In Request-URI"),
)
if len(PROBLEMS) != PROBLEMS_END:
    raise ImportError("core.sipscan: PROBLEMS and the enum Problem differ")

# Compact forms (RFC 3261 section 7.3.3 and the extensions of the IANA registry), by full name.
COMPACT = {
    "accept-contact": "a", "allow-events": "u", "call-id": "i", "contact": "m", "content-encoding": "e",
    "content-length": "l", "content-type": "c", "event": "o", "from": "f", "identity": "y", "refer-to": "r",
    "referred-by": "b", "reject-contact": "j", "request-disposition": "d", "session-expires": "x", "subject": "s",
    "supported": "k", "to": "t", "via": "v",
}
cdef dict _wanted = {}       # name as asked for -> (lower-case name, compact letter or 0); names come from code, bounded
cdef dict _methods = {
    name: name.decode()
    for name in (b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"INFO", b"REGISTER", b"UPDATE", b"PRACK", b"REFER",
                 b"SUBSCRIBE", b"NOTIFY", b"MESSAGE", b"PUBLISH")
}


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


cdef uint32_t end_of_line(const uint8_t* p, uint32_t at, uint32_t size) noexcept nogil:
    """Offset of the CR of the CRLF that ends the line at `at`; `size` when there is none."""
    cdef const uint8_t* found = <const uint8_t*>memchr(p + at, 10, size - at)
    if found == NULL or found == p + at or (found - 1)[0] != 13:
        return size
    return <uint32_t>(found - p) - 1


cdef uint32_t control_characters(const uint8_t* p, uint32_t end) noexcept nogil:
    """How many bytes below `end` are control characters other than TAB; plain enough to be vectorised."""
    cdef uint32_t i, n = 0
    for i in range(end):
        n += ((p[i] < 32) & (p[i] != 9)) | (p[i] == 127)
    return n


cdef uint32_t commas(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    cdef uint32_t i, n = 0
    for i in range(at, end):
        n += p[i] == 44
    return n


cdef int read_request_line(const uint8_t* p, uint32_t end, Outline* o) noexcept nogil:
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


cdef int read_status_line(const uint8_t* p, uint32_t end, Outline* o) noexcept nogil:
    """SIP/2.0 SP 3DIGIT SP reason, which may be empty (RFC 3261 section 7.2)."""
    if end < 12 or not same(p, 0, 8, b"sip/2.0 ", 8) or p[11] != 32:
        return blame(o, BAD_STATUS)
    o.status = <int>number(p, 8, 11)
    if o.status < 100 or o.status > 699:
        return blame(o, BAD_STATUS)
    o.reason.at = 12
    o.reason.end = end


cdef uint32_t read_header(const uint8_t* p, uint32_t at, uint32_t size, Header* h, uint32_t* lines) noexcept nogil:
    """Reads the header line at `at` with its folds. Returns the offset of the next line, `size` when a line does not end.

    `name_len` stays 0 when the line is not a header.
    """
    cdef uint32_t end = end_of_line(p, at, size)
    cdef uint32_t i
    memset(h, 0, sizeof(Header))
    if end == size:
        return size
    lines[0] += 1
    while end + 2 < size and (p[end + 2] == 32 or p[end + 2] == 9):
        h.folded = 1
        end = end_of_line(p, end + 2, size)
        if end == size:
            return size
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


cdef int read_headers(const uint8_t* p, uint32_t at, uint32_t size, Header* out, Outline* o) noexcept nogil:
    """All header lines to the empty one, which must be there; sets `body`."""
    cdef uint32_t lines = 1
    cdef uint32_t start
    cdef Header h
    while True:
        if size - at >= 2 and p[at] == 13 and p[at + 1] == 10:
            at += 2
            break
        start = at
        at = read_header(p, at, size, &h, &lines)
        if at >= size:
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
    if control_characters(p, at) != 2 * (lines + 1):
        blame(o, CONTROL_CHARACTER)


cdef int check_counts(const uint8_t* p, const Header* lines, Outline* o) noexcept nogil:
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
    if vias > MAX_VIAS:
        blame(o, TOO_MANY_VIAS)
    if contacts > MAX_CONTACTS:
        blame(o, TOO_MANY_CONTACTS)


cdef int read_cseq(const uint8_t* p, const Header* h, Outline* o) noexcept nogil:
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


cdef int read_identity(const uint8_t* p, const Header* lines, Outline* o) noexcept nogil:
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


cdef int measure_body(const uint8_t* p, uint32_t size, const Header* lines, bint stream, Outline* o) noexcept nogil:
    """Where the body ends (RFC 3261 section 18.3): a datagram may carry more than Content-Length says, never less."""
    cdef const Header* h
    o.body_end = size
    o.content_length = -1
    if not o.first[CONTENT_LENGTH]:
        return blame(o, NO_CONTENT_LENGTH) if stream else FINE
    h = &lines[o.first[CONTENT_LENGTH] - 1]
    o.content_length = number(p, h.value, h.end)
    if o.content_length < 0:
        return blame(o, BAD_CONTENT_LENGTH)
    if o.content_length > MAX_MESSAGE:
        return blame(o, BODY_TOO_LARGE)
    if o.body + o.content_length > size:
        return blame(o, BODY_CUT_OFF)
    o.body_end = o.body + <uint32_t>o.content_length


cdef int scan(const uint8_t* p, uint32_t size, bint stream, Header* lines, Outline* o) noexcept nogil:
    """The whole pass over a message of at most MAX_MESSAGE bytes that starts with its start line."""
    cdef uint32_t end = end_of_line(p, 0, size)
    if end == size:
        o.body = o.body_end = size
        return blame(o, NOT_SIP)
    if size > 4 and memcmp(p, b"SIP/", 4) == 0:
        read_status_line(p, end, o)
    else:
        read_request_line(p, end, o)
    read_headers(p, end + 2, size, lines, o)
    measure_body(p, size, lines, stream, o)
    check_counts(p, lines, o)
    read_identity(p, lines, o)


cdef class Scan:
    """One scanned message. Text is decoded as UTF-8, with U+FFFD for what is not; folded values become one line."""

    def __cinit__(self, bytes data not None, bint stream=False):
        """Scans `data`, which holds one message from its start line on. `stream`: Content-Length is mandatory."""
        cdef Header lines[MAX_HEADERS]
        cdef size_t room
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        self.data = data
        memset(&self.outline, 0, sizeof(Outline))
        if size > MAX_MESSAGE:
            self.outline.problem = TOO_LARGE
            return
        scan(<const uint8_t*>PyBytes_AS_STRING(data), <uint32_t>size, stream, lines, &self.outline)
        room = self.outline.count * sizeof(Header)
        if room:
            self.lines = <Header*>PyMem_Malloc(room)
            if self.lines == NULL:
                raise MemoryError()
            memcpy(self.lines, lines, room)

    def __dealloc__(self):
        PyMem_Free(self.lines)

    cdef str text(self, uint32_t at, uint32_t end, bint folded):
        cdef str value = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(self.data) + at, end - at, b"replace")
        if folded:
            return " ".join([part.strip(" \t") for part in value.split("\r\n")])
        return value

    cdef int find(self, str name, int start) except -2:
        """Index of the first header line from `start` on that is called `name`, -1 when there is none."""
        cdef const uint8_t* p = <const uint8_t*>PyBytes_AS_STRING(self.data)
        cdef const Header* h
        cdef tuple wanted = _wanted.get(name)
        cdef bytes full
        cdef uint8_t letter
        cdef int i
        if wanted is None:
            full = name.lower().encode()
            wanted = (full, ord(COMPACT.get(name.lower(), "\0")))
            if len(_wanted) < 1024:
                _wanted[name] = wanted
        full = wanted[0]
        letter = wanted[1]
        for i in range(start, self.outline.count):
            h = &self.lines[i]
            if h.name_len == 1 and letter and lower(p[h.name]) == letter:
                return i
            if same(p, h.name, h.name + h.name_len, PyBytes_AS_STRING(full), <uint32_t>PyBytes_GET_SIZE(full)):
                return i
        return -1

    def header(self, str name not None):
        """The value of the first line called `name` (full name, any letter case), None when there is none."""
        cdef int i = self.find(name, 0)
        return None if i < 0 else self.text(self.lines[i].value, self.lines[i].end, self.lines[i].folded)

    def headers(self, str name not None):
        """The values of all lines called `name`, in order, each as it stands on its line."""
        cdef list out = []
        cdef int i = self.find(name, 0)
        while i >= 0:
            out.append(self.text(self.lines[i].value, self.lines[i].end, self.lines[i].folded))
            i = self.find(name, i + 1)
        return out

    def header_names(self):
        """The names of all header lines as written, in order."""
        cdef int i
        return [
            self.text(self.lines[i].name, self.lines[i].name + self.lines[i].name_len, False)
            for i in range(self.outline.count)
        ]

    def set_source(self, str host not None, int port):
        """Notes where the message came from; `echo` writes it into the top Via (RFC 3261 section 18.2.1, RFC 3581)."""
        self._source = (host, port)

    cdef bytes top_via(self, const Header* h):
        """The first Via line, with received and rport as we saw them and never as the client claims them."""
        cdef const uint8_t* p = <const uint8_t*>PyBytes_AS_STRING(self.data)
        cdef ViaOutline* via = &self.outline.via
        cdef uint32_t at = via.params
        cdef uint32_t last = via.params
        cdef Slice name
        cdef Slice value
        cdef bytes host = (<str>self._source[0]).encode()
        cdef list out = [self.data[h.name:via.params]]
        while next_parameter(p, &at, via.end, &name, &value) == 1:
            if not same(p, name.at, name.end, b"received", 8) and not same(p, name.at, name.end, b"rport", 5):
                out.append(self.data[last:at])
            last = at
        if via.rport:
            out.append(b";rport=%d" % self._source[1])
        if via.rport or self.data[via.host.at:via.host.end].strip(b"[]") != host:
            out.append(b";received=" + host)
        out.append(self.data[via.end:h.end] + b"\r\n")
        return b"".join(out)

    def echo(self, bytes to_tag not None=b""):
        """The Via, From, To, Call-ID and CSeq lines of a response (RFC 3261 section 8.2.6.2), verbatim.

        `to_tag` is added to To when that has none. Lines that a broken request lacks are left out.
        """
        cdef list out = []
        cdef const Header* h
        cdef int i
        for i in range(self.outline.count):
            h = &self.lines[i]
            if h.kind == VIA:
                if self._source is not None and i + 1 == self.outline.first[VIA] and self.outline.via.host.end:
                    out.append(self.top_via(h))
                    continue
            elif h.kind == OTHER or h.kind > CSEQ or i + 1 != self.outline.first[h.kind]:
                continue
            out.append(self.data[h.name:h.end])
            if h.kind == TO and to_tag and self.outline.to.tag.end == 0:
                out.append(b";tag=" + to_tag)
            out.append(b"\r\n")
        return b"".join(out)

    @property
    def problem(self):
        """None for a sound message, otherwise (status, reason phrase) for its refusal."""
        return None if self.outline.problem == FINE else PROBLEMS[self.outline.problem]

    @property
    def framing_lost(self):
        """Whether the end of the message is unknown: on a stream nothing behind it can be trusted."""
        return self.outline.problem in (
            NOT_SIP, NO_END_OF_HEADERS, BAD_LINE_END, BAD_CONTENT_LENGTH, BODY_TOO_LARGE, NO_CONTENT_LENGTH, TOO_LARGE
        ) or self.outline.seen[CONTENT_LENGTH] > 1

    @property
    def body(self):
        """The body, b"" when there is none."""
        if self._body is None:
            self._body = self.data[self.outline.body:self.outline.body_end]
        return self._body

    @property
    def call_id(self):
        if self._call_id is None:
            self._call_id = self.text(self.outline.call_id.at, self.outline.call_id.end, False)
        return self._call_id

    @property
    def cseq(self):
        """The sequence number of CSeq."""
        return self.outline.cseq

    @property
    def cseq_method(self):
        """The method of CSeq."""
        if self._cseq_method is None:
            self._cseq_method = self.method_name(self.outline.cseq_method)
        return self._cseq_method

    cdef str method_name(self, Slice at):
        cdef bytes name = self.data[at.at:at.end]
        known = _methods.get(name)
        return name.decode("ascii", "replace") if known is None else known

    @property
    def from_tag(self):
        """The tag of From, "" when there is none (RFC 2543 clients)."""
        if self._from_tag is None:
            self._from_tag = self.text(self.outline.from_.tag.at, self.outline.from_.tag.end, False)
        return self._from_tag

    @property
    def to_tag(self):
        """The tag of To, "" outside a dialog."""
        if self._to_tag is None:
            self._to_tag = self.text(self.outline.to.tag.at, self.outline.to.tag.end, False)
        return self._to_tag

    @property
    def branch(self):
        """The branch of the top Via, "" when there is none."""
        if self._branch is None:
            self._branch = self.text(self.outline.via.branch.at, self.outline.via.branch.end, False)
        return self._branch

    @property
    def max_forwards(self):
        """Max-Forwards, 0 to 255, None when there is none."""
        return None if self.outline.max_forwards < 0 else self.outline.max_forwards

    @property
    def start_method(self):
        """The method of a request's start line."""
        if self._method is None:
            self._method = self.method_name(self.outline.method)
        return self._method

    @property
    def start_uri(self):
        """The Request-URI as written."""
        if self._uri is None:
            self._uri = self.text(self.outline.uri.at, self.outline.uri.end, False)
        return self._uri

    @property
    def start_status(self):
        """The status of a response, 100 to 699."""
        return self.outline.status

    @property
    def start_reason(self):
        """The reason phrase of a response."""
        return self.text(self.outline.reason.at, self.outline.reason.end, False)


def head_length(bytes data not None, Py_ssize_t start=0):
    """Length of the message head at the beginning of `data`, the empty line included; -1 while it is incomplete.

    `start`: how much of `data` an earlier call has already searched, so that a slow sender costs linear time.
    """
    cdef Py_ssize_t at = data.find(b"\r\n\r\n", max(0, start - 3))
    return -1 if at < 0 else at + 4


def announced_length(bytes head not None):
    """Content-Length of a message head (start line to empty line); -1 when absent or wrong, repeated or over the cap."""
    cdef Scan scanned = Scan(head)
    cdef int64_t length = scanned.outline.content_length
    if scanned.outline.seen[CONTENT_LENGTH] != 1 or length > MAX_MESSAGE:
        return -1
    return length
