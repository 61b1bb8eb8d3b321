"""What Python asks of rooms."""

from libc.stdint cimport int64_t

from core.engine.messages cimport Command
from core.engine.state cimport Leg, Worker

# 0 or an errno. `leg` is the one that the command names, or NULL.
cdef int run_room_command(Worker* w, Leg* leg, const Command* c, int64_t now) noexcept nogil
