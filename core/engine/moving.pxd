"""A leg goes from one worker to another: socket, latch, timeline, play, digits, tap and counters go with it.

Python takes a slot of the worker that it goes to and gives CMD_MOVE to the one that has it and CMD_ARRIVE to the other,
which takes no further command until the leg is there. Packets wait in the socket meanwhile, so none is lost; what is sent
goes on with the next sequence number. Commands are given in one order by one thread and each waits for earlier ones only,
so workers never wait for each other in a circle.
"""

from libc.stdint cimport int64_t, uint32_t

from core.engine.state cimport Leg, Worker

# A leg that Python has opened, or that has arrived: into the list of active ones and epoll. 0 or an errno.
cdef int leg_open(Worker* w, Leg* leg) noexcept nogil
# Copies the leg to the worker of its new id. What is left here must be closed, which tells EV_MOVED.
cdef void move_out(Worker* w, Leg* leg, uint32_t new_id, int64_t now) noexcept nogil
cdef int move_in(Worker* w, Leg* leg, int64_t now) noexcept nogil
