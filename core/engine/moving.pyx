"""Moving of legs; see moving.pxd."""

from libc.errno cimport ENOMEM, ENOSPC
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

from core.base.atomics cimport store_release_i32
from core.base.pool cimport id_slot, id_tag
from core.base.sockets cimport epoll_add, epoll_remove, eventfd_signal
from core.engine.accounts cimport account
from core.engine.bridge cimport leave_all
from core.engine.coding cimport coder_attach, coder_detach
from core.engine.receive cimport settle
from core.engine.state cimport RTCP_BIT, Leg, Worker, end_watch, start_ticking, stop_ticking
from core.stream.timeline cimport SOURCE_NONE


cdef int leg_open(Worker* w, Leg* leg) noexcept nogil:
    cdef int failure
    if w.active_count >= w.pool.capacity:
        return ENOSPC
    leg.active_index = w.active_count
    w.active[w.active_count] = leg
    w.active_count += 1
    w.count.streams = w.active_count
    failure = epoll_add(w.epoll, leg.stream.fd, leg.id)
    if failure == 0 and leg.stream.rtcp_fd >= 0:
        failure = epoll_add(w.epoll, leg.stream.rtcp_fd, leg.id | RTCP_BIT)
    return -failure


cdef void move_out(Worker* w, Leg* leg, uint32_t new_id, int64_t now) noexcept nogil:
    cdef Worker* target = w - w.index + id_tag(new_id)
    cdef Leg* place = &target.legs[id_slot(new_id)]
    leave_all(w, leg, now)
    coder_detach(w, leg)
    stop_ticking(w, leg)
    account(w, leg)
    end_watch(w, leg)
    epoll_remove(w.epoll, leg.stream.rtcp_fd)
    leg.unsettled = False
    # All but the ids, by which Python's thread tells who has the leg while it is being copied.
    memcpy(&place.slot, &leg.slot, sizeof(Leg) - sizeof(leg.id))
    place.slot = id_slot(new_id)
    # What is left is a shell: its sockets, clips and tap are the other's. The RTP socket is named on, since Python's
    # thread reads it here until the shell is closed.
    leg.stream.rtcp_fd = -1
    leg.player.active = leg.overlay.active = False
    leg.tap = leg.heard_tap = NULL
    leg.sounding = 0
    leg.pending = 0
    leg.moved_to = new_id
    leg.closing = True
    w.count.moved += 1
    store_release_i32(&target.arrived[id_slot(new_id)], 1)
    eventfd_signal(target.command_fd)


cdef int move_in(Worker* w, Leg* leg, int64_t now) noexcept nogil:
    cdef int failure
    store_release_i32(&w.arrived[leg.slot], 0)
    failure = leg_open(w, leg)
    if failure == 0 and leg.stream.configured and not coder_attach(w, leg):
        failure = ENOMEM
    if leg.pending:
        w.retry = True
    if leg.player.active or leg.overlay.active or leg.digits.active:
        start_ticking(w, leg, now)
    # The first packet from here is stamped by the clock.
    leg.stream.tx.source = SOURCE_NONE
    settle(w, leg, now)
    return failure
