"""The tick of a room: each member is heard once, the sum is made once, and each hears it less his own part."""

from libc.stdint cimport int64_t

from core.engine.state cimport Room, Worker

# `when` is the instant of the tick, which `now` may be after.
cdef void room_tick(Worker* w, Room* room, int64_t when, int64_t now) noexcept nogil
