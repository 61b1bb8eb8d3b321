"""Sends what was encoded once to all who share an output of a room, each in his own stream of packets.

Who shares what is decided in core/engine/listeners. A packet may come from the helper thread later than its tick: it goes to those
who shared the output in that tick (`turn`), also when one of them speaks by now or leads no more.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.engine.state cimport Leg, Output, Worker

cdef enum:                     # what a shared packet is
    SHARED_SOUND = 0
    SHARED_NOISE = 1           # comfort noise
    SHARED_PAUSE = 2           # silence, of which nothing is sent to whom the room is already sent


# Whether what this leg's encoder makes of the room is for others too.
cdef inline bint leads(const Leg* leg) noexcept nogil:
    return leg.shares and leg.output.leader == leg


# Whether another's encoder serves this leg.
cdef inline bint follows(const Leg* leg) noexcept nogil:
    return leg.shares and leg.output.leader != leg


# `kind` SHARED_*; `size` octets of payload that stand for `span` timestamp units from `when` on. They may stand in w.out.
cdef void share_packet(Worker* w, Output* o, uint64_t turn, const uint8_t* payload, int size, int span, int kind,
                       int64_t when) noexcept nogil
# To one leg: a payload that stands behind the header's room in w.out.
cdef void send_stamped(Worker* w, Leg* leg, int payload_type, int size, int span, uint64_t source, int64_t when) noexcept nogil
