"""What the tick path keeps of a leg: what is heard of it, tick by tick, and the frame it says now. Present in rooms only.

A room takes voices from its worker's free list when a leg enters and gives them back when it leaves, so that packets
allocate nothing and a relayed pair has none. A heavy codec's sound comes from a helper thread (core/engine/coder).
"""

from libc.stdint cimport int16_t, int64_t, uint8_t

from core.signal.mixer cimport Talker
from core.signal.resample cimport Resampler
from core.stream.playout cimport Playout
from core.stream.quiet cimport Quiet
from core.stream.stream cimport Received

cdef enum:
    VOICE_FRAME = 960          # samples of 20 ms at 48 kHz
    VOICE_MEMORY = 64 * 960    # bytes of payloads that wait
    NO_CODEC = -1

cdef struct Voice:
    Voice* spare               # free list
    Voice* next_whisper        # of those who whisper to the same leg in this tick
    Voice* whispers            # who whisper to this one in this tick
    int rate                   # of the room, Hz
    int codec                  # CODEC_* that the playout is set up for, NO_CODEC before the first packet
    Resampler convert          # from the codec's rate to the room's
    Resampler narrow           # from the room's rate to telephone sound, for a G.711 member of a wide room
    Resampler announce         # from telephone sound to the room's rate, for what is played over it
    Resampler heard_narrow     # from the room's rate to telephone sound, for the recording of what it is told
    Talker talker
    Quiet quiet                # of what it is told
    bint sounds                # `heard` holds sound
    bint in_sum                # and is part of the room's sum
    int waiting_count          # samples that wait to fill a packet
    int16_t heard[VOICE_FRAME]
    int16_t waiting[5 * VOICE_FRAME]
    Playout playout
    uint8_t memory[VOICE_MEMORY]

cdef void voice_start(Voice* v, int rate) noexcept nogil
# A received packet of a codec that is not heavy, comfort noise, or an event.
cdef void voice_put(Voice* v, const Received* got, int64_t now) noexcept nogil
# Takes the next 20 ms for the tick of `when` into `heard`; False (and silence) when there is nothing.
cdef bint voice_take(Voice* v, int64_t when) noexcept nogil
# The room's sound as telephone sound, in place: the number of samples.
cdef int voice_narrow(Voice* v, int16_t* pcm, int samples) noexcept nogil
# Sound of another rate into `heard`.
cdef void voice_hear(Voice* v, const int16_t* pcm, int samples, int rate) noexcept nogil
