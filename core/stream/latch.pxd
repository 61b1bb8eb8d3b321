"""From where a stream accepts RTP (security.md, figure R9): SDP address expected -> locked, or one validated switch.

Nothing here reads a clock or a socket; the worker connects the socket when a packet locks the stream.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from core.base.sockets cimport Address, Ip
from core.stream.rtp cimport RtpPacket

cdef enum:
    LATCH_SIGNALLED = 0
    LATCH_ANY = 1
    LATCH_STRICT = 2
    LATCH_TOLD = 3             # by latch_tell only: ICE has validated the source

cdef enum:
    SOURCE_FOREIGN = 0
    SOURCE_KNOWN = 1           # the locked one
    SOURCE_LOCKED = 2          # this packet locked it

cdef enum:
    CANDIDATES = 4

cdef struct Candidate:
    Address address
    int run                    # consecutive packets
    uint16_t sequence
    uint32_t ssrc
    int64_t since_ns
    int64_t last_ns

cdef struct Latch:
    bint set                   # an expected address is known
    bint locked
    int policy
    Address expected           # of the SDP
    Ip signalling_ip           # none: unknown
    Address source             # the locked one
    int64_t window_until_ns
    Candidate candidates[CANDIDATES]

# Signalling named the far end. True when the lock was opened, i.e. when the socket must not stay connected.
cdef bint latch_set(Latch* latch, const Address* expected, const Ip* signalling_ip, int policy, bint open_window,
                    int64_t now) noexcept nogil
# The source that ICE chose.
cdef void latch_tell(Latch* latch, const Address* source) noexcept nogil
# Judges the source of a well-formed packet of an expected payload type.
cdef int latch_packet(Latch* latch, const Address* source, const RtpPacket* p, int64_t now) noexcept nogil


cdef inline bint latch_window_open(const Latch* latch, int64_t now) noexcept nogil:
    return latch.set and not latch.locked and now < latch.window_until_ns and latch.policy != LATCH_STRICT


cdef inline const Address* latch_destination(const Latch* latch) noexcept nogil:
    """Where to send: never to a source that is not locked."""
    return &latch.source if latch.locked else &latch.expected
