"""Rooms of a worker: who is in which, and the phase of the tick that each has. What is mixed is in mixing.pxd.

A room with an id is a conference that Python opened; one without was made here for a pair on the tick or a supervised leg.
All of a room's members are legs of its worker.
"""

from libc.stdint cimport int64_t, uint32_t

from core.engine.state cimport Leg, Room, Worker

# A room without an id; NULL when memory is short. It ends with its last member.
cdef Room* room_new(Worker* w, int rate) noexcept nogil
# 0 or an errno.
cdef int room_open(Worker* w, uint32_t id, int rate, bint gate) noexcept nogil
# The open conference of an id, or NULL.
cdef Room* room_find(Worker* w, uint32_t id) noexcept nogil
# Ends a conference: its members stay, alone. What it plays and records must have been ended.
cdef void room_close(Worker* w, Room* room, int64_t now) noexcept nogil
# Lets it tick, though nobody is in it (it plays, it records).
cdef void room_start(Worker* w, Room* room, int64_t now) noexcept nogil
# False when it is full or memory is short. The leg is in no room.
cdef bint room_enter(Worker* w, Room* room, Leg* leg, uint32_t membership, int64_t now) noexcept nogil
cdef void room_exit(Worker* w, Leg* leg, int64_t now) noexcept nogil
# Gives back a room without id and members.
cdef void room_tidy(Worker* w, Room* room) noexcept nogil
# After the thread has ended.
cdef void rooms_free(Worker* w) noexcept nogil
# Lets it rest when nobody is in it and nothing is played or recorded.
cdef void room_rest(Worker* w, Room* room) noexcept nogil
