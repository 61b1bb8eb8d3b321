"""Clips into a stream or a room: starting, what else is heard meanwhile, the end, and who lets go of the clips."""

from libc.stdint cimport int16_t, int64_t

from core.engine.messages cimport Command
from core.engine.player cimport Player
from core.engine.state cimport Leg, Room, Worker
from core.signal.resample cimport Resampler

# CMD_PLAY of a stream (an overlay, too) and CMD_ROOM_PLAY.
cdef void play_start(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil
cdef void play_start_in_room(Worker* w, Room* room, const Command* c, int64_t now) noexcept nogil
# Each ends a play, if there is one, and tells how.
cdef void end_play(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil
cdef void end_overlay(Worker* w, Leg* leg, bint finished, int64_t now) noexcept nogil
cdef void end_room_play(Worker* w, Room* room, bint finished, int64_t now) noexcept nogil
# Drops the clips of a play that never began.
cdef void play_refused(Worker* w, const Command* c) noexcept nogil
# Mixes the overlay into `n` samples that the leg is to hear; tells its end.
cdef void overlay_mix(Worker* w, Leg* leg, int16_t* pcm, int n, int rate, int64_t now) noexcept nogil
# The next `n` samples (at most 60 ms) of a player at a rate; how many are of clips: 0 at the end. `convert` is the owner's, for
# rates above 8 kHz.
cdef int player_samples(Player* player, Resampler* convert, int16_t* pcm, int n, int rate) noexcept nogil
