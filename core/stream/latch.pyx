"""The latch's only moves; see latch.pxd."""

from libc.stdint cimport int64_t
from libc.string cimport memset

from core.base.sockets cimport Address, Ip, ip_known, same_address, same_ip
from core.stream.rtp cimport RtpPacket, sequence_step

cdef enum:
    WINDOW_NS = 2000000000     # in which a switch may happen
    VALID_RUN = 8              # packets in a row that a candidate must send
    VALID_NS = 120000000       # over at least this time
    STALE_NS = 400000000       # a candidate that paused this long starts again
    MAX_STEP = 10              # sequence numbers that may be lost between two packets of a candidate


cdef bint latch_set(Latch* latch, const Address* expected, const Ip* signalling_ip, int policy, bint open_window,
                    int64_t now) noexcept nogil:
    cdef bint changed = (not latch.set or not ip_known(&expected.ip) or not same_address(&latch.expected, expected)
                         or not same_ip(&latch.signalling_ip, signalling_ip) or latch.policy != policy)
    cdef bint opened = changed and latch.locked
    if policy == LATCH_TOLD and latch.policy == LATCH_TOLD and latch.locked:
        # What a description says of addresses does not move what ICE chose.
        return False
    latch.expected = expected[0]
    latch.signalling_ip = signalling_ip[0]
    latch.policy = policy
    # Nowhere: the old way to say hold.
    latch.set = ip_known(&expected.ip)
    if changed:
        latch.locked = False
        memset(latch.candidates, 0, sizeof(latch.candidates))
    if open_window and not latch.locked:
        latch.window_until_ns = now + WINDOW_NS
    return opened


cdef void latch_tell(Latch* latch, const Address* source) noexcept nogil:
    latch.policy = LATCH_TOLD
    latch.set = latch.locked = True
    latch.expected = latch.source = source[0]


cdef bint _allowed(const Latch* latch, const Ip* ip) noexcept nogil:
    if latch.policy == LATCH_ANY:
        return True
    return latch.policy == LATCH_SIGNALLED and ip_known(ip) and (
        same_ip(ip, &latch.expected.ip) or same_ip(ip, &latch.signalling_ip))


cdef void _start(Candidate* c, const Address* source, const RtpPacket* p, int64_t now) noexcept nogil:
    c.address = source[0]
    c.run = 1
    c.sequence = p.sequence
    c.ssrc = p.ssrc
    c.since_ns = now
    c.last_ns = now


cdef Candidate* _find(Latch* latch, const Address* source, int64_t now) noexcept nogil:
    """The source's place, or a free or stale one; NULL when all are taken by others that are still sending."""
    cdef int i
    cdef Candidate* place = NULL
    for i in range(CANDIDATES):
        if latch.candidates[i].run and same_address(&latch.candidates[i].address, source):
            return &latch.candidates[i]
        if latch.candidates[i].run == 0 or now - latch.candidates[i].last_ns > STALE_NS:
            place = &latch.candidates[i]
    if place != NULL:
        place.run = 0
    return place


cdef bint _validate(Latch* latch, const Address* source, const RtpPacket* p, int64_t now) noexcept nogil:
    cdef Candidate* c = _find(latch, source, now)
    cdef int step
    if c == NULL:
        return False
    step = sequence_step(p.sequence, c.sequence)
    if c.run == 0 or c.ssrc != p.ssrc or step < 1 or step > MAX_STEP or now - c.last_ns > STALE_NS:
        _start(c, source, p, now)
        return False
    c.run += 1
    c.sequence = p.sequence
    c.last_ns = now
    return c.run >= VALID_RUN and now - c.since_ns >= VALID_NS


cdef int _lock(Latch* latch, const Address* source) noexcept nogil:
    latch.source = source[0]
    latch.locked = True
    return SOURCE_LOCKED


cdef int latch_packet(Latch* latch, const Address* source, const RtpPacket* p, int64_t now) noexcept nogil:
    if latch.locked:
        return SOURCE_KNOWN if same_address(&latch.source, source) else SOURCE_FOREIGN
    if not latch.set or latch.policy == LATCH_TOLD:
        return SOURCE_FOREIGN
    if same_address(&latch.expected, source):
        return _lock(latch, source)
    if not latch_window_open(latch, now) or not _allowed(latch, &source.ip):
        return SOURCE_FOREIGN
    return _lock(latch, source) if _validate(latch, source, p, now) else SOURCE_FOREIGN
