"""One packet for many; see sharing.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from core.engine.state cimport Leg, Output, Worker, send_rtp
from core.stream.codec cimport MAX_ENCODED
from core.stream.rtp cimport RTP_HEADER, rtp_write
from core.stream.stream cimport Stream
from core.stream.timeline cimport SOURCE_ROOM, Stamp, tl_next, tl_pause


cdef void send_stamped(Worker* w, Leg* leg, int payload_type, int size, int span, uint64_t source, int64_t when) noexcept nogil:
    cdef Stream* s = &leg.stream
    cdef Stamp stamp
    tl_next(&s.tx, source, span, when, &stamp)
    rtp_write(w.out, payload_type, stamp.marker, stamp.sequence, stamp.timestamp, s.tx.ssrc)
    send_rtp(leg, w.out, size + RTP_HEADER, size)


cdef void _to(Worker* w, Leg* leg, const uint8_t* payload, int size, int span, int kind, int64_t when) noexcept nogil:
    cdef Stream* s = &leg.stream
    if not s.configured or not s.send:
        return
    if kind == SHARED_PAUSE and s.tx.source == SOURCE_ROOM:
        tl_pause(&s.tx, span)
        return
    if size == 0:
        return
    # SRTP seals it where it stands, so each gets the octets anew.
    memcpy(w.out + RTP_HEADER, payload, size)
    send_stamped(w, leg, s.noise_payload_type if kind == SHARED_NOISE else s.payload_type, size, span, SOURCE_ROOM, when)


cdef void share_packet(Worker* w, Output* o, uint64_t turn, const uint8_t* payload, int size, int span, int kind,
                       int64_t when) noexcept nogil:
    cdef uint8_t[MAX_ENCODED] kept
    cdef uint32_t i
    cdef Leg* leg
    if o.room == NULL or size < 0 or size > MAX_ENCODED:
        return
    memcpy(kept, payload, size)
    for i in range(o.room.count):
        leg = o.room.members[i]
        if leg.output == o and leg.since <= turn < leg.until:
            _to(w, leg, kept, size, span, kind, when)
