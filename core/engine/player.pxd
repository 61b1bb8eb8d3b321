"""Plays clips one after the other into a stream's frames. Owned by the worker of the stream."""

from libc.stdint cimport int16_t, uint8_t, uint32_t

from core.engine.clips cimport Clip
from core.engine.messages cimport MAX_CLIPS

cdef struct Player:
    bint active
    bint repeat                # all clips again and again
    uint32_t token             # of play()
    int count
    int index                  # of the clip that plays
    uint32_t offset            # samples of it already played
    float gain                 # factor
    bint wide                  # all clips have sound at 16 kHz
    bint full                  # all clips have sound at 48 kHz
    Clip* clips[MAX_CLIPS]     # each holds a reference

# Fills `size` samples of a codec (CODEC_*), the rest with silence; returns how many come from clips: 0 at the end.
cdef int player_fill(Player* player, int codec, uint8_t* out, int size) noexcept nogil
# The same as linear sound at 16 or 48 kHz (`size` a multiple of rate / 8000), which all its clips must have.
cdef int player_fill_linear(Player* player, int rate, int16_t* out, int size) noexcept nogil
# The rate at which its clips are to be read for listeners at `rate`: the least one that loses nothing, else the highest.
cdef int player_rate(const Player* player, int rate) noexcept nogil
cdef void fill_silence(int codec, uint8_t* out, int size) noexcept nogil
