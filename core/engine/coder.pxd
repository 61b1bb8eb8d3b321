"""What a leg needs to say something in a codec that is not G.711: an encoder, a resampler, and for Opus its helper thread.

The functions are in core/engine/coding.
"""

from libc.stdint cimport int16_t, uint8_t, uint32_t, uint64_t

from core.signal.g722 cimport G722
from core.signal.resample cimport Resampler
from core.stream.adaptation cimport Adaptation
from core.stream.codec cimport Encoder

cdef enum:
    CODER_FRAME = 960          # samples of a tick at 48 kHz

cdef struct Coder:
    Coder* spare               # free list
    uint8_t codec
    int rate                   # Hz of the codec's sound
    Encoder encoder            # unless it is heavy
    Resampler convert          # from what is said to `rate`
    Resampler narrow           # from what is heard to telephone sound, for tapes and digits
    Resampler played           # from a clip's rate to what is said, and of what is played over it
    Resampler announce
    uint32_t heavy             # id of the helper's slot; 0: not heavy, or none was free
    Adaptation adaptation      # to the far end's reports; of a heavy codec
    uint32_t blocks            # of them that it has taken in
    bint suppress              # its encoder pauses in silence
    int sampled                # packets of the measurement that is going on (core/engine/sampling)
    G722 ear                   # and its decoder
    uint64_t source            # SOURCE_* of what the helper encodes now
    bint heard                 # `sound` is of the tick that comes
    int sound_count
    int16_t sound[CODER_FRAME]
