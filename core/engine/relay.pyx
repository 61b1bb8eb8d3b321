"""Forwarding in the receive pass, header rewritten in place; see relay.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.engine.state cimport Leg, Placement, Worker, send_rtp
from core.signal.g711 cimport alaw_to_ulaw, ulaw_to_alaw
from core.stream.codec cimport codec_is_g711, codec_span
from core.stream.reception cimport rx_extended
from core.stream.rtp cimport RTP_HEADER, RtpPacket, rtp_write
from core.stream.stream cimport CODEC_PCMA, GOT_AUDIO, GOT_EVENT, Received, Stream
from core.stream.timeline cimport SOURCE_NONE, Stamp, tl_map


cdef inline int _span(const Received* got) noexcept nogil:
    """Timestamp units that the packet covers; the packets of an event share their timestamp, comfort noise has no length."""
    if got.kind != GOT_AUDIO:
        return 0
    return got.packet.size if codec_is_g711(got.codec) else codec_span(got.codec, got.packet.payload, got.packet.size)


cdef void relay_forward(Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil:
    cdef Stream* out = &to.stream
    cdef RtpPacket* p = &got.packet
    cdef Stamp stamp
    cdef int pt = out.payload_type
    cdef uint8_t* header = p.payload - RTP_HEADER
    # What we play or dial into the stream stands in for its partner until it ends.
    if not out.send or not out.configured or to.player.active or to.digits.active:
        return
    if got.kind == GOT_EVENT:
        pt = out.event_payload_type
        if pt < 0:
            # What is left out leaves no hole: the next packet gets the next number.
            out.tx.source = SOURCE_NONE
            return
    elif got.kind != GOT_AUDIO:
        pt = out.noise_payload_type
    elif got.codec != out.codec:
        if not codec_is_g711(got.codec) or not codec_is_g711(out.codec):
            return
        if got.codec == CODEC_PCMA:
            alaw_to_ulaw(p.payload, p.size)
        else:
            ulaw_to_alaw(p.payload, p.size)
    if not tl_map(&out.tx, (<uint64_t>source.id << 32) | source.stream.rx.epoch,
                  rx_extended(&source.stream.rx, p.sequence), p.timestamp,
                  _span(got), now, &stamp):
        return
    rtp_write(header, pt, stamp.marker or p.marker, stamp.sequence, stamp.timestamp, out.tx.ssrc)
    send_rtp(to, header, p.size + RTP_HEADER, p.size)


cdef bint _plain(const Leg* leg) noexcept nogil:
    """Nothing is to be done to what this leg says or hears."""
    return leg.gain == 1.0 and not leg.overlay.active and leg.watchers == NULL


cdef bint _alike(const Leg* a, const Leg* b) noexcept nogil:
    """What one says the other understands as it is, or by a table.

    A tap takes G.711 from packets, all else from the tick; so does an ear for digits that one says as tones and the other wants
    as events.
    """
    if codec_is_g711(a.stream.codec) and codec_is_g711(b.stream.codec):
        return True
    return (a.stream.codec == b.stream.codec and a.tap == NULL and b.tap == NULL
            and (a.stream.heard_event_type < 0) == (b.stream.heard_event_type < 0))


cdef bint _understood(const Leg* source, const Leg* to) noexcept nogil:
    """The silence of one, which it describes, the other can make."""
    return not source.describes_silence or to.stream.noise_payload_type >= 0


cdef bint _fits(Worker* w, Leg* a, Leg* b) noexcept nogil:
    return _plain(a) and _plain(b) and _alike(a, b) and _understood(a, b) and _understood(b, a)


cdef bint _enter(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    # The next packet of either maps itself onto the other's timeline, from the next sequence number on.
    a.stream.tx.source = SOURCE_NONE
    b.stream.tx.source = SOURCE_NONE
    return True


cdef void _leave(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    pass


cdef void _carry(Worker* w, Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil:
    relay_forward(source, to, got, now)


RELAY.name = b"relay"
RELAY.fits = _fits
RELAY.enter = _enter
RELAY.leave = _leave
RELAY.carry = _carry
