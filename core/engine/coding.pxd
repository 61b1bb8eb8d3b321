"""Saying and hearing in codecs that are not G.711, for the legs of a worker.

G.711 has no state and is encoded where it is needed; every other codec goes through here: frames of linear sound at any rate
in, packets out. Coders come from the worker's free list by command, when a stream is configured, and go back when it closes,
takes another codec or moves to another worker. A heavy codec is encoded and decoded by the worker's helper, one tick later.
"""

from libc.stdint cimport int16_t, int64_t, uint64_t

from core.engine.state cimport Leg, Worker
from core.stream.stream cimport Received

# The leg's codec has changed, or the leg is new on this worker: it gets what it needs, and lets go of what it had.
cdef bint coder_attach(Worker* w, Leg* leg) noexcept nogil
cdef void coder_detach(Worker* w, Leg* leg) noexcept nogil
# The worker's helper: its rings; its thread starts with the first leg that needs it. False when descriptors or memory are short.
cdef bint coders_init(Worker* w) noexcept nogil
cdef void coders_stop(Worker* w) noexcept nogil
cdef void coders_free(Worker* w) noexcept nogil
# Says `n` samples (60 ms at most) of `rate` at `when`: a packet now or, from the helper, a little later.
cdef void coder_say(Worker* w, Leg* leg, const int16_t* pcm, int n, int rate, uint64_t source, int64_t when) noexcept nogil
# What `leg` says next follows on what `leader` has said last; their codecs are the same.
cdef void coder_follow(Worker* w, const Leg* leader, Leg* leg) noexcept nogil
# The encoder of a heavy codec gets the settings that are wanted, unless it has them.
cdef void coder_retune(Worker* w, Leg* leg, int bitrate, int expected_loss, int wanted_bitrate, int wanted_loss) noexcept nogil
# A received packet for the helper.
cdef void coder_put(Worker* w, Leg* leg, const Received* got, int64_t now) noexcept nogil
# The sound of this tick into the leg's voice, if it is there, and the next one asked for; False: nothing is heard.
cdef bint coder_take(Worker* w, Leg* leg, int64_t when) noexcept nogil
# Takes in what the far end reported of its losses; part of the slow pass.
cdef void coder_adapt(Worker* w, Leg* leg) noexcept nogil
# Takes what the helper made; once a turn of the worker, and wakes the helper for what was asked since.
cdef void coders_collect(Worker* w) noexcept nogil
cdef void coders_wake(Worker* w) noexcept nogil


cdef inline bint coder_is_heavy(const Leg* leg) noexcept nogil:
    return leg.coder != NULL and leg.coder.heavy != 0
