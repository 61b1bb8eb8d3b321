"""What the tick path keeps of a leg: a jitter buffer, its codec, the frame it says now. Present in rooms only.

A room takes voices from its worker's free list when a leg enters and gives them back when it leaves, so that packets
allocate nothing and a relayed pair has none.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t

from core.signal.mixer cimport Talker

cdef enum:
    VOICE_FRAME = 960          # samples of 20 ms at 48 kHz
    LINE = 2048                # samples at 8 kHz: 256 ms

# A delay line of samples at the places that their timestamps say.
cdef struct DelayLine:
    bint running
    uint32_t epoch             # of the source
    uint32_t read              # timestamp of the next sample that is given
    uint32_t end               # after the newest sample
    int16_t samples[LINE]

cdef struct Voice:
    Voice* spare               # free list
    Voice* next_whisper        # of those who whisper to the same leg in this tick
    Voice* whispers            # who whisper to this one in this tick
    int rate                   # of the room, Hz
    DelayLine line
    Talker talker
    bint sounds                # `heard` holds sound
    bint in_sum                # and is part of the room's sum
    int waiting_count          # samples that wait to fill a packet
    int16_t heard[VOICE_FRAME]
    int16_t waiting[2 * VOICE_FRAME]

cdef void voice_start(Voice* v, int rate) noexcept nogil
# A received packet of audio; `payload` is the receive buffer's.
cdef void voice_put(Voice* v, int codec, const uint8_t* payload, int size, uint32_t timestamp, uint32_t epoch,
                    int64_t now) noexcept nogil
# Takes the next 20 ms into `heard`; False (and silence) when there is nothing.
cdef bint voice_take(Voice* v) noexcept nogil
