"""Reaches into a media engine before it is started: another placement for pairs, in front of the others."""

from libc.stdint cimport int32_t, int64_t

from core.base.atomics cimport add_acq_rel_i32, load_acquire_i32, store_release_i32
from core.engine.bridge cimport prefer_placement
from core.engine.engine cimport Engine
from core.engine.relay cimport relay_forward
from core.engine.state cimport Leg, Placement, Worker
from core.engine.voice cimport Voice
from core.stream.stream cimport Received
from core.stream.timeline cimport SOURCE_NONE

cdef Placement DUMMY
cdef int32_t WANTED = 0        # read by the workers: what `fits` says
cdef int32_t REFUSES = 0       # `enter` says no
cdef int32_t ENTERED = 0
cdef int32_t LEFT = 0
cdef int32_t CARRIED = 0


cdef bint _fits(Worker* w, Leg* a, Leg* b) noexcept nogil:
    return load_acquire_i32(&WANTED)


cdef bint _enter(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    if load_acquire_i32(&REFUSES):
        return False
    add_acq_rel_i32(&ENTERED, 1)
    a.stream.tx.source = SOURCE_NONE
    b.stream.tx.source = SOURCE_NONE
    return True


cdef void _leave(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    add_acq_rel_i32(&LEFT, 1)


cdef void _carry(Worker* w, Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil:
    add_acq_rel_i32(&CARRIED, 1)
    relay_forward(source, to, got, now)


DUMMY.name = b"dummy"
DUMMY.fits = _fits
DUMMY.enter = _enter
DUMMY.leave = _leave
DUMMY.carry = _carry


def prefer_dummy(Engine engine):
    """Before `start`."""
    cdef int i
    for i in range(engine.workers):
        assert prefer_placement(engine.crew.worker(i), &DUMMY)


def want_dummy(bint on, bint refuse=False):
    """Holds for what is placed from now on."""
    store_release_i32(&WANTED, on)
    store_release_i32(&REFUSES, refuse)


def seen():
    """(entered, left, packets carried)"""
    return load_acquire_i32(&ENTERED), load_acquire_i32(&LEFT), load_acquire_i32(&CARRIED)


def sizes():
    """(bytes of a leg, of a voice)"""
    return sizeof(Leg), sizeof(Voice)
