"""Lexical elements of SIP (RFC 3261 section 25.1) over raw bytes: offsets in, offsets out, nothing copied.

Every function takes the message `p` and positions inside it, and is total: it never reads at or beyond `end`.
Inside a header value CR and LF occur only as folding (the scanner has checked that), so they count as white space.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

# Hard limits: a message beyond one of them is refused, never truncated.
cdef enum:
    MAX_MESSAGE = 65536      # bytes, head and body
    MAX_HEAD = 32768         # bytes up to the body
    MAX_HEADERS = 128        # header lines
    MAX_VIAS = 64            # Via values
    MAX_CONTACTS = 64        # Contact values
    MAX_URI = 2048           # bytes of the Request-URI, and of the URI in From and To
    MAX_HOST = 255           # bytes of a host name (RFC 1035 section 2.3.4)
    MAX_BRANCH = 256         # bytes
    MAX_TAG = 256            # bytes
    MAX_CALL_ID = 1024       # bytes
    MAX_METHOD = 64          # bytes
    MAX_NAME = 128           # bytes of a header name

cdef struct Slice:
    uint32_t at              # offset of the first byte
    uint32_t end             # offset after the last byte; equal to `at` when empty or absent

cdef struct Address:         # From, To: RFC 3261 section 20.10
    Slice uri
    Slice tag

cdef struct ViaOutline:      # the top Via value
    Slice host               # sent-by host, brackets included
    Slice branch
    uint32_t params          # offset of the first ';' or of the end
    uint32_t end             # offset after the value (a ',' or the end of the line)
    int port                 # -1 when absent
    bint rport               # the client asks for symmetric responses (RFC 3581)


cdef inline bint is_token(uint8_t c) noexcept nogil:
    if c < 64:
        return (<uint64_t>0x3ff6ca200000000 >> c) & 1
    return c < 128 and (<uint64_t>0x47ffffff87fffffe >> (c - 64)) & 1


cdef inline bint is_uri(uint8_t c) noexcept nogil:
    """Printable ASCII but space and <>"{}|^` and backslash."""
    if c < 64:
        return (<uint64_t>0xaffffffa00000000 >> c) & 1
    return c < 127 and (<uint64_t>0x47fffffeafffffff >> (c - 64)) & 1


cdef inline bint is_host(uint8_t c) noexcept nogil:
    if c < 64:
        return (<uint64_t>0x3ff600000000000 >> c) & 1
    return c < 128 and (<uint64_t>0x7fffffe87fffffe >> (c - 64)) & 1


cdef inline bint is_digit(uint8_t c) noexcept nogil:
    return 48 <= c <= 57


cdef inline uint8_t lower(uint8_t c) noexcept nogil:
    return c | 0x20 if 65 <= c <= 90 else c


cdef inline bint is_space(uint8_t c) noexcept nogil:
    return c == 32 or c == 9 or c == 13 or c == 10


cdef inline uint32_t skip_space(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    while at < end and is_space(p[at]):
        at += 1
    return at


cdef inline uint32_t skip_token(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    while at < end and is_token(p[at]):
        at += 1
    return at


cdef inline bint same(const uint8_t* p, uint32_t at, uint32_t end, const char* word, uint32_t length) noexcept nogil:
    """Whether [at, end) is `word` (given in lower case), letter case aside."""
    cdef uint32_t i
    if end - at != length:
        return False
    for i in range(length):
        if lower(p[at + i]) != <uint8_t>word[i]:
            return False
    return True


cdef inline int64_t number(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """The value of 1*DIGIT, -1 if it is anything else; saturates at 2^40."""
    cdef int64_t value = 0
    if at >= end:
        return -1
    while at < end:
        if not is_digit(p[at]):
            return -1
        value = value * 10 + (p[at] - 48)
        if value > (<int64_t>1 << 40):
            value = <int64_t>1 << 40
        at += 1
    return value


cdef inline uint32_t skip_quoted(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """From an opening quote to after the closing one; 0 when it never closes."""
    at += 1
    while at < end:
        if p[at] == 34:  # '"'
            return at + 1
        at += 2 if p[at] == 92 else 1  # a backslash takes the next byte with it
    return 0


cdef inline int next_parameter(
    const uint8_t* p, uint32_t* at, uint32_t end, Slice* name, Slice* value
) noexcept nogil:
    """Reads one `;name[=value]`. Returns 1 for one read, 0 at the end or at a ',', -1 for bad syntax."""
    cdef uint32_t i = skip_space(p, at[0], end)
    at[0] = i
    if i >= end or p[i] == 44:  # ','
        return 0
    if p[i] != 59:  # ';'
        return -1
    name.at = skip_space(p, i + 1, end)
    name.end = i = skip_token(p, name.at, end)
    if name.at == name.end:
        return -1
    i = skip_space(p, i, end)
    value.at = value.end = i
    if i < end and p[i] == 61:  # '='
        value.at = i = skip_space(p, i + 1, end)
        if i < end and p[i] == 34:
            i = skip_quoted(p, i, end)
            if i == 0:
                return -1
        else:
            while i < end and p[i] > 32 and p[i] != 59 and p[i] != 44 and p[i] != 34 and p[i] != 60 and p[i] != 62:
                i += 1
        value.end = i
    at[0] = i
    return 1


cdef inline uint32_t skip_host(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """After a host name, an IPv4 address or a bracketed IPv6 reference; 0 when there is none."""
    cdef uint32_t start = at
    if at < end and p[at] == 91:  # '['
        at += 1
        while at < end and (p[at] == 58 or p[at] == 46 or is_digit(p[at]) or 97 <= lower(p[at]) <= 102):
            at += 1
        if at < end and p[at] == 93 and at - start > 2:
            return at + 1
        return 0
    while at < end and is_host(p[at]):
        at += 1
    return 0 if at == start or at - start > MAX_HOST else at


cdef inline uint32_t skip_port(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """After a port of one to five digits, 1 to 65535; 0 when there is none."""
    cdef uint32_t start = at
    cdef int64_t port
    while at < end and is_digit(p[at]):
        at += 1
    port = number(p, start, at)
    return at if 1 <= port <= 65535 and at - start <= 5 else 0


cdef inline bint tail_is_sound(const uint8_t* p, uint32_t at, uint32_t end, bint* has_headers) noexcept nogil:
    """Parameters and headers behind the host: each has a name, and there is no second '@'."""
    cdef uint8_t c, after
    while at < end:
        c = p[at]
        at += 1
        after = p[at] if at < end else 61  # nothing there is as bad as '='
        if c == 64:
            return False
        if c == 63 and not has_headers[0]:  # '?'
            has_headers[0] = True
            if after == 38 or after == 61:
                return False
        elif c == 38 and has_headers[0]:  # '&'
            if after == 38 or after == 61:
                return False
        elif c == 59 and not has_headers[0]:  # ';'
            if after == 59 or after == 61 or after == 63:
                return False
    return True


cdef inline bint escapes_are_sound(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """Only URI characters, and each '%' is followed by two hexadecimal digits."""
    cdef uint32_t i
    for i in range(at, end):
        if not is_uri(p[i]):
            return False
        if p[i] == 37:  # '%'
            if end - i < 3 or not is_hexadecimal(p[i + 1]) or not is_hexadecimal(p[i + 2]):
                return False
    return True


cdef inline bint is_hexadecimal(uint8_t c) noexcept nogil:
    return is_digit(c) or 97 <= lower(c) <= 102


cdef inline uint32_t scheme_end(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """Offset of the ':' after a scheme; 0 when there is none."""
    cdef uint32_t i = at
    while i < end and (is_digit(p[i]) or 97 <= lower(p[i]) <= 122 or p[i] == 43 or p[i] == 45 or p[i] == 46):
        i += 1
    return i if i > at and i < end and p[i] == 58 and 97 <= lower(p[at]) <= 122 else 0


cdef inline bint uri_is_sound(const uint8_t* p, uint32_t at, uint32_t end, bint* has_headers) noexcept nogil:
    """Syntax of a URI (RFC 3261 section 19.1.1); of a scheme other than sip and sips only the characters."""
    cdef uint32_t colon, i, host
    has_headers[0] = False
    if end - at > MAX_URI or not escapes_are_sound(p, at, end):
        return False
    colon = scheme_end(p, at, end)
    if colon == 0 or colon + 1 == end:
        return False
    if not same(p, at, colon, b"sip", 3) and not same(p, at, colon, b"sips", 4):
        return True
    host = colon + 1
    for i in range(host, end):
        if p[i] == 64:  # '@'
            if i == host or p[host] == 58:
                return False
            host = i + 1
            break
    i = skip_host(p, host, end)
    if i == 0:
        return False
    if i < end and p[i] == 58:
        i = skip_port(p, i + 1, end)
        if i == 0:
            return False
    if i < end and p[i] != 59 and p[i] != 63:
        return False
    return tail_is_sound(p, i, end, has_headers)


cdef inline bint read_address(const uint8_t* p, uint32_t at, uint32_t end, Address* out) noexcept nogil:
    """From or To: [display] <uri>;params or uri;params."""
    cdef uint32_t i = at
    cdef bint ignored
    if i < end and p[i] == 34:
        i = skip_quoted(p, i, end)
        if i == 0:
            return False
        i = skip_space(p, i, end)
        if i >= end or p[i] != 60:
            return False
    while i < end and p[i] != 60 and p[i] != 59 and p[i] != 34:  # '<' ';' '"'
        i += 1
    if i < end and p[i] == 34:
        return False
    if i < end and p[i] == 60:
        out.uri.at = i + 1
        while i < end and p[i] != 62:
            i += 1
        if i >= end:
            return False
        out.uri.end = i
        i += 1
    else:
        out.uri.at = at
        out.uri.end = i
        while out.uri.end > at and is_space(p[out.uri.end - 1]):
            out.uri.end -= 1
    return uri_is_sound(p, out.uri.at, out.uri.end, &ignored) and read_tag(p, i, end, out)


cdef inline bint read_tag(const uint8_t* p, uint32_t at, uint32_t end, Address* out) noexcept nogil:
    """The parameters of From or To to the end. A tag appears once and is not empty."""
    cdef Slice name
    cdef Slice value
    cdef int more = next_parameter(p, &at, end, &name, &value)
    while more == 1:
        if same(p, name.at, name.end, b"tag", 3):
            if out.tag.end or value.at == value.end or value.end - value.at > MAX_TAG:
                return False
            if skip_token(p, value.at, value.end) != value.end:
                return False
            out.tag = value
        more = next_parameter(p, &at, end, &name, &value)
    return more == 0 and at >= end


cdef inline uint32_t skip_protocol(const uint8_t* p, uint32_t at, uint32_t end) noexcept nogil:
    """After `SIP/2.0/transport`, where white space must follow; 0 when that is not there."""
    cdef uint32_t i, start
    i = skip_token(p, at, end)
    if not same(p, at, i, b"sip", 3):
        return 0
    i = skip_space(p, i, end)
    if i >= end or p[i] != 47:  # '/'
        return 0
    start = skip_space(p, i + 1, end)
    i = skip_token(p, start, end)
    if not same(p, start, i, b"2.0", 3):
        return 0
    i = skip_space(p, i, end)
    if i >= end or p[i] != 47:
        return 0
    start = skip_space(p, i + 1, end)
    i = skip_token(p, start, end)
    return i if i > start and i < end and is_space(p[i]) else 0


cdef inline bint read_via(const uint8_t* p, uint32_t at, uint32_t end, ViaOutline* out) noexcept nogil:
    """The first value of a Via line: SIP/2.0/transport host[:port];params (RFC 3261 section 20.42)."""
    cdef uint32_t i, start
    cdef Slice name
    cdef Slice value
    cdef int more
    cdef bint branched = False
    out.port = -1
    i = skip_protocol(p, at, end)
    if i == 0:
        return False
    out.host.at = skip_space(p, i, end)
    i = skip_host(p, out.host.at, end)
    if i == 0:
        return False
    out.host.end = i
    i = skip_space(p, i, end)
    if i < end and p[i] == 58:
        start = skip_space(p, i + 1, end)
        i = skip_port(p, start, end)
        if i == 0:
            return False
        out.port = <int>number(p, start, i)
    out.params = i
    more = next_parameter(p, &i, end, &name, &value)
    while more == 1:
        if same(p, name.at, name.end, b"branch", 6):
            if not branched:  # of one that comes twice the first counts, as for every other parameter
                out.branch = value
                branched = True
        elif same(p, name.at, name.end, b"rport", 5):
            out.rport = True
        more = next_parameter(p, &i, end, &name, &value)
    out.end = i
    return more == 0
