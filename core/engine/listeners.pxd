"""Who of a room hears the same as others in the same form, and so shares one encoder with them.

A listener hears the whole mix and nothing else, or is deaf and hears silence. After 400 ms of that he shares an output with those whose far ends want the same
octets: sound or silence, codec, packet time and its phase, silence suppression, and for Opus the bit rate and redundancy that their reports
asked for. G.722 and Opus wait for 60 ms of quiet as well, because a decoder that is given another encoder's octets in the midst of
sound is heard. One of them leads: his encoder is fed, and with it all that has state on the way to it (resampler, packet that fills,
judgement of silence). Who begins to speak, or leads no more, takes that state with him, so his far end's decoder notices nothing.
"""

from core.base.frame cimport RATE_HZ
from core.engine.state cimport MEMBER_DEAF, Leg, Room, Worker
from core.stream.codec cimport codec_is_g711
from core.stream.stream cimport Stream

# Once a tick, when all have been heard and nobody has been answered.
cdef void settle_listeners(Worker* w, Room* room) noexcept nogil
# Between ticks, or for a member that leaves: from now on it is encoded alone. Of no effect for who does not share.
cdef void stop_sharing(Worker* w, Leg* leg) noexcept nogil


cdef inline bint leaves_silence_out(const Stream* s) noexcept nogil:
    """By comfort noise."""
    return s.suppress and s.noise_payload_type >= 0


cdef inline bint is_deaf(const Leg* leg) noexcept nogil:
    return (leg.membership & MEMBER_DEAF) != 0


cdef inline bint hears_nothing_else(const Leg* leg) noexcept nogil:
    """Than the room, or than nothing where he is deaf."""
    return leg.voice.whispers == NULL and not leg.overlay.active


cdef inline bint is_plain(const Room* room, const Leg* leg) noexcept nogil:
    """G.711 at the room's own rate and packet time, and nothing but the room to be heard: encoded without any state."""
    return (room.rate == RATE_HZ and leg.stream.ptime_ms == 20 and leg.voice.waiting_count == 0 and leg.heard_tap == NULL
            and codec_is_g711(leg.stream.codec) and hears_nothing_else(leg) and not is_deaf(leg)
            and not leaves_silence_out(&leg.stream))
