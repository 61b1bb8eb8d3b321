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
    Clip* clips[MAX_CLIPS]     # each holds a reference

# Fills `size` samples of a codec (CODEC_*), the rest with silence; returns how many come from clips: 0 at the end.
cdef int player_fill(Player* player, int codec, uint8_t* out, int size) noexcept nogil
# Whether all clips have wide sound; then up to `size` samples of it at 16 kHz, the rest silent; how many come from clips.
cdef bint player_is_wide(const Player* player) noexcept nogil
cdef int player_fill_wide(Player* player, int16_t* out, int size) noexcept nogil
cdef void fill_silence(int codec, uint8_t* out, int size) noexcept nogil
