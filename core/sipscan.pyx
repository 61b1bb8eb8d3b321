"""SIP message scanner (RFC 3261 sections 7 and 25): bytes to header slices in one pass, no copies.

`Scan` never raises on what is in a message: the first fault is kept in `problem`, and the pass goes on, so that the
fault can still be answered from the headers that are there. Work is linear in the size of the message.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy, memset

LIMITS = {
    "message": MAX_MESSAGE, "head": MAX_HEAD, "headers": MAX_HEADERS, "vias": MAX_VIAS, "contacts": MAX_CONTACTS,
    "uri": MAX_URI, "host": MAX_HOST, "branch": MAX_BRANCH, "tag": MAX_TAG, "call_id": MAX_CALL_ID,
    "method": MAX_METHOD, "header_name": MAX_NAME,
}

# By Problem: status and reason phrase of the answer.
PROBLEMS = (
    (0, ""), (513, "Message Too Large"), (513, "Message Head Too Large"), (400, "Not SIP"),
    (505, "Version Not Supported"), (400, "Bad Start Line"),
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


cdef enum:
    NUMBER_MAX = 20          # digits and sign of any number
    COOKIE = 7               # length of what a branch begins with (RFC 3261 section 8.1.1.7)


cdef inline char* put(char* out, const char* text, Py_ssize_t length) noexcept nogil:
    """Copies `text` to `out`; returns the place behind it."""
    memcpy(out, text, length)
    return out + length


cdef inline char* put_number(char* out, int64_t value) noexcept nogil:
    """Writes a decimal number; returns the place behind it."""
    cdef char[NUMBER_MAX] digits
    cdef int i = NUMBER_MAX
    cdef uint64_t rest = <uint64_t>-value if value < 0 else <uint64_t>value
    while True:
        i -= 1
        digits[i] = <char>(48 + rest % 10)
        rest //= 10
        if rest == 0:
            break
    if value < 0:
        out = put(out, b"-", 1)
    return put(out, &digits[i], NUMBER_MAX - i)


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

    def has_any(self, tuple names not None):
        """Whether there is a line called one of `names`: one question instead of several that are mostly answered no."""
        cdef str name
        for name in names:
            if self.find(name, 0) >= 0:
                return True
        return False

    def header_names(self):
        """The names of all header lines as written, in order."""
        cdef int i
        return [
            self.text(self.lines[i].name, self.lines[i].name + self.lines[i].name_len, False)
            for i in range(self.outline.count)
        ]

    def set_source(self, str host not None, int port):
        """Notes where the message came from; `echo` writes it into the top Via (RFC 3261 section 18.2.1, RFC 3581)."""
        self._host = host
        self._port = port

    cdef char* write_top_via(self, const Header* h, char* out):
        """The first Via line, with received and rport as we saw them and never as the client claims them."""
        cdef const uint8_t* p = <const uint8_t*>PyBytes_AS_STRING(self.data)
        cdef const ViaOutline* via = &self.outline.via
        cdef uint32_t at = via.params
        cdef uint32_t last = via.params
        cdef uint32_t named = via.host.at, named_end = via.host.end
        cdef Slice name
        cdef Slice value
        cdef Py_ssize_t length
        cdef const char* host = PyUnicode_AsUTF8AndSize(self._host, &length)
        out = put(out, <const char*>p + h.name, via.params - h.name)
        while next_parameter(p, &at, via.end, &name, &value) == 1:
            if not same(p, name.at, name.end, b"received", 8) and not same(p, name.at, name.end, b"rport", 5):
                out = put(out, <const char*>p + last, at - last)
            last = at
        if via.rport:
            out = put_number(put(out, b";rport=", 7), self._port)
        while named < named_end and (p[named] == 91 or p[named] == 93):  # brackets
            named += 1
        while named_end > named and (p[named_end - 1] == 91 or p[named_end - 1] == 93):
            named_end -= 1
        if via.rport or named_end - named != length or memcmp(p + named, host, length) != 0:
            out = put(put(out, b";received=", 10), host, length)
        out = put(out, <const char*>p + via.end, h.end - via.end)
        return put(out, b"\r\n", 2)

    cdef Py_ssize_t echo_room(self, Py_ssize_t tag) except -1:
        """How much `write_echo` writes at most."""
        cdef Py_ssize_t host = 0
        if self._host is not None:
            PyUnicode_AsUTF8AndSize(self._host, &host)
        return self.outline.body + 2 + tag + 5 + host + 10 + 7 + NUMBER_MAX

    cdef char* write_echo(self, char* out, const char* tag, Py_ssize_t tag_length):
        cdef const char* p = PyBytes_AS_STRING(self.data)
        cdef const Header* h
        cdef uint32_t at = 0, end = 0  # neighbouring lines that are still to be copied, in one piece
        cdef int i
        for i in range(self.outline.count):
            h = &self.lines[i]
            if h.kind == VIA:
                if self._host is not None and i + 1 == self.outline.first[VIA] and self.outline.via.host.end > self.outline.via.host.at:
                    if end:
                        out = put(put(out, p + at, end - at), b"\r\n", 2)
                        end = 0
                    out = self.write_top_via(h, out)
                    continue
            elif h.kind == OTHER or h.kind > CSEQ or i + 1 != self.outline.first[h.kind]:
                continue
            if h.name != end + 2:
                if end:
                    out = put(put(out, p + at, end - at), b"\r\n", 2)
                at = h.name
            end = h.end
            if h.kind == TO and tag_length and self.outline.to.tag.end == 0:
                out = put(out, p + at, end - at)
                out = put(put(out, b";tag=", 5), tag, tag_length)
                at = end
        if end:
            out = put(put(out, p + at, end - at), b"\r\n", 2)
        return out

    def echo(self, bytes to_tag not None=b""):
        """The Via, From, To, Call-ID and CSeq lines of a response (RFC 3261 section 8.2.6.2), verbatim.

        `to_tag` is added to To when that has none. Lines that a broken request lacks are left out.
        """
        cdef Py_ssize_t tag = PyBytes_GET_SIZE(to_tag)
        cdef bytes out = PyBytes_FromStringAndSize(NULL, self.echo_room(tag))
        cdef char* start = PyBytes_AS_STRING(out)
        return out[:self.write_echo(start, PyBytes_AS_STRING(to_tag), tag) - start]

    def reply(self, bytes start not None, str to_tag not None, headers not None, bytes body not None, str content_type not None):
        """The response that begins with the status line `start`: the lines of `echo`, those of `headers` (text without
        CRLF), Content-Type where there is a body, Content-Length and the body.
        """
        cdef tuple lines = tuple(headers)
        cdef Py_ssize_t tag, length, kind = 0, size = PyBytes_GET_SIZE(body)
        cdef const char* tag_text = PyUnicode_AsUTF8AndSize(to_tag, &tag)
        cdef const char* kind_text = PyUnicode_AsUTF8AndSize(content_type, &kind)
        cdef const char* text
        cdef Py_ssize_t room = PyBytes_GET_SIZE(start) + self.echo_room(tag) + 16 + kind + 16 + NUMBER_MAX + 4 + size
        cdef bytes out
        cdef char* begin
        cdef char* at
        for line in lines:
            PyUnicode_AsUTF8AndSize(<str?>line, &length)
            room += length + 2
        out = PyBytes_FromStringAndSize(NULL, room)
        begin = PyBytes_AS_STRING(out)
        at = self.write_echo(put(begin, PyBytes_AS_STRING(start), PyBytes_GET_SIZE(start)), tag_text, tag)
        for line in lines:
            text = PyUnicode_AsUTF8AndSize(line, &length)
            at = put(put(at, text, length), b"\r\n", 2)
        if size:
            at = put(put(put(at, b"Content-Type: ", 14), kind_text, kind), b"\r\n", 2)
        at = put(put_number(put(at, b"Content-Length: ", 16), size), b"\r\n\r\n", 4)
        at = put(at, PyBytes_AS_STRING(body), size)
        return out[:at - begin]

    @property
    def problem(self):
        """None for a sound message, otherwise (status, reason phrase) for its refusal."""
        return None if self.outline.problem == FINE else PROBLEMS[self.outline.problem]

    @property
    def framing_lost(self):
        """Whether the end of the message is unknown: on a stream nothing behind it can be trusted."""
        return not self.outline.framed

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
    def response_key(self):
        """What the client transaction of a response is found by: the branch and the method of CSeq."""
        cdef const char* p = PyBytes_AS_STRING(self.data)
        cdef char[MAX_BRANCH + MAX_METHOD] text
        cdef const Slice* branch = &self.outline.via.branch
        cdef const Slice* method = &self.outline.cseq_method
        if branch.end - branch.at > MAX_BRANCH or method.end - method.at > MAX_METHOD:
            return self.branch + self.cseq_method
        cdef char* end = put(put(text, p + branch.at, branch.end - branch.at), p + method.at, method.end - method.at)
        return PyUnicode_DecodeUTF8(text, end - text, b"replace")

    def transaction_key(self, str method not None):
        """What the server transaction of a request is found by: branch, sent-by and `method`; the fields of RFC 2543
        where the branch is not one of RFC 3261 (the bare cookie tells nothing apart).
        """
        cdef const char* p = PyBytes_AS_STRING(self.data)
        cdef char[MAX_BRANCH + MAX_HOST + 2 * MAX_METHOD] text
        cdef const Slice* branch = &self.outline.via.branch
        cdef uint32_t at = self.outline.via.host.at, end = self.outline.via.params
        cdef Py_ssize_t length
        cdef const char* name = PyUnicode_AsUTF8AndSize(method, &length)
        cdef char* out
        if (branch.end - branch.at <= COOKIE or memcmp(p + branch.at, b"z9hG4bK", COOKIE) != 0 or end <= at
                or branch.end - branch.at > MAX_BRANCH or end - at > MAX_HOST + 16 or length > MAX_METHOD):
            return self.long_key(method)
        while end > at and is_space(p[end - 1]):
            end -= 1
        out = put(put(text, p + branch.at, branch.end - branch.at), b" ", 1)
        out = put(put(put(out, p + at, end - at), b" ", 1), name, length)
        return PyUnicode_DecodeUTF8(text, out - text, b"replace")

    cdef str long_key(self, str method):
        branch = self.branch
        if branch.startswith("z9hG4bK") and branch != "z9hG4bK":
            return f"{branch} {self.sent_by} {method}"
        return f"{self.uri} {self.from_tag} {self.call_id} {self.cseq} {self.sent_by} {branch} {method}"

    @property
    def content_type(self):
        """Media type in lower case without parameters, "" when absent."""
        cdef const Header* h
        cdef int i
        if self._content_type is None:
            i = self.find("Content-Type", 0)
            if i < 0:
                self._content_type = ""
                return ""
            h = &self.lines[i]
            if h.end - h.value == 15 and memcmp(PyBytes_AS_STRING(self.data) + h.value, b"application/sdp", 15) == 0:
                self._content_type = "application/sdp"
            else:
                self._content_type = self.text(h.value, h.end, h.folded).partition(";")[0].strip().lower()
        return self._content_type

    @property
    def via_count(self):
        """How many Via values there are, on all lines."""
        return self.outline.vias

    @property
    def sent_by(self):
        """The sent-by of the top Via as written: host, and port if there is one; what transactions are told apart by."""
        return self.text(self.outline.via.host.at, self.outline.via.params, False).rstrip()

    @property
    def sent_by_host(self):
        """The host of the top Via in lower case, without brackets."""
        return self.text(self.outline.via.host.at, self.outline.via.host.end, False).strip("[]").lower()

    @property
    def sent_by_port(self):
        """The port of the top Via, 0 when absent."""
        return max(0, self.outline.via.port)

    @property
    def wants_rport(self):
        """Whether the top Via asks for symmetric responses (RFC 3581)."""
        return bool(self.outline.via.rport)

    @property
    def max_forwards(self):
        """Max-Forwards, 0 to 255, None when there is none."""
        return None if self.outline.max_forwards < 0 else self.outline.max_forwards

    @property
    def method(self):
        """The method of a request's start line."""
        if self._method is None:
            self._method = self.method_name(self.outline.method)
        return self._method

    @property
    def uri(self):
        """The Request-URI as written."""
        if self._uri is None:
            self._uri = self.text(self.outline.uri.at, self.outline.uri.end, False)
        return self._uri

    @property
    def status(self):
        """The status of a response, 100 to 699."""
        return self.outline.status

    @property
    def reason(self):
        """The reason phrase of a response."""
        return self.text(self.outline.reason.at, self.outline.reason.end, False)


def announced_length(bytes head not None):
    """Content-Length of a message head (start line to empty line); -1 when absent or wrong, repeated or over the cap."""
    cdef Scan scanned = Scan(head)
    return scanned.outline.content_length if scanned.outline.framed else -1
