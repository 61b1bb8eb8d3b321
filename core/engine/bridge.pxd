"""Who hears whom: pairs, and where each pair is carried. This is the one place where that is decided.

A worker has a table of placements in the order of preference; a pair goes to the first that fits. It is placed anew when
something about it changes (gain, a supervisor, a codec, a clip over the talk), in mid-call: every placement sends on the
timelines of the two streams, so sequence numbers and timestamps go on.
"""

from libc.stdint cimport int64_t

from core.engine.state cimport Leg, Placement, Worker

cdef void join(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil
cdef void part(Worker* w, Leg* leg, int64_t now) noexcept nogil
# Something about a leg changed: places its pair anew, or its supervisors.
cdef void arrange(Worker* w, Leg* leg, int64_t now) noexcept nogil
# `supervisor` hears what `watched` hears and says; WATCH_NONE ends it.
cdef void supervise(Worker* w, Leg* supervisor, Leg* watched, int watch, int64_t now) noexcept nogil
# The leg leaves: its pair, its supervisors, whom it supervises, its room.
cdef void leave_all(Worker* w, Leg* leg, int64_t now) noexcept nogil
# The table of a new worker.
cdef void default_placements(Worker* w) noexcept nogil
# Puts a placement before the others; for tests, and for faster ways that not every machine has. False: no room.
cdef bint prefer_placement(Worker* w, const Placement* placement) noexcept nogil
