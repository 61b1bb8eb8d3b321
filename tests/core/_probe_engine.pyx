"""Reaches into a media engine before it is started: another placement for pairs, in front of the others."""

from libc.stdint cimport int64_t

from core.engine.bridge cimport prefer_placement
from core.engine.engine cimport Engine
from core.engine.relay cimport relay_forward
from core.engine.state cimport Leg, Placement, Worker
from core.engine.voice cimport Voice
from core.stream.stream cimport Received
from core.stream.timeline cimport SOURCE_NONE

cdef Placement DUMMY
cdef int WANTED = 0            # read by the workers: what `fits` says
cdef int REFUSES = 0           # `enter` says no
cdef int ENTERED = 0
cdef int LEFT = 0
cdef int CARRIED = 0


cdef bint _fits(Worker* w, Leg* a, Leg* b) noexcept nogil:
    return WANTED


cdef bint _enter(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    global ENTERED
    if REFUSES:
        return False
    ENTERED += 1
    a.stream.tx.source = SOURCE_NONE
    b.stream.tx.source = SOURCE_NONE
    return True


cdef void _leave(Worker* w, Leg* a, Leg* b, int64_t now) noexcept nogil:
    global LEFT
    LEFT += 1


cdef void _carry(Worker* w, Leg* source, Leg* to, Received* got, int64_t now) noexcept nogil:
    global CARRIED
    CARRIED += 1
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
    global WANTED, REFUSES
    WANTED, REFUSES = on, refuse


def seen():
    """(entered, left, packets carried)"""
    return ENTERED, LEFT, CARRIED


def sizes():
    """(bytes of a leg, of a voice)"""
    return sizeof(Leg), sizeof(Voice)
