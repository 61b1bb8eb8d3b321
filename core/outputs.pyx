"""What the SIP layer wants done, as plain objects, and the loop that does it: see the .pyi for the contract."""

cimport cython

from core.timers cimport TimerQueue


@cython.freelist(64)
cdef class Send:
    cdef readonly bytes data
    cdef readonly object destination
    cdef readonly object owner

    def __cinit__(self, bytes data not None, destination, owner=None):
        self.data = data
        self.destination = destination
        self.owner = owner


@cython.freelist(64)
cdef class SetTimer:
    cdef readonly object owner
    cdef readonly double delay_s

    def __cinit__(self, owner, double delay_s):
        self.owner = owner
        self.delay_s = delay_s


@cython.freelist(16)
cdef class ClearTimer:
    cdef readonly object owner

    def __cinit__(self, owner):
        self.owner = owner


@cython.freelist(16)
cdef class ToUser:
    cdef readonly object deliver
    cdef readonly tuple arguments

    def __cinit__(self, deliver, *arguments):
        self.deliver = deliver
        self.arguments = arguments


@cython.freelist(16)
cdef class Terminated:
    cdef readonly object transaction

    def __cinit__(self, transaction):
        self.transaction = transaction


def execute(out not None, TimerQueue timers not None, send not None, failed not None, double now, double earliest):
    cdef double deadline
    popleft = out.popleft
    while out:
        output = popleft()
        kind = type(output)
        if kind is Send:
            send(output)
        elif kind is SetTimer:
            deadline = now + (<SetTimer>output).delay_s
            timers.set((<SetTimer>output).owner, deadline)
            if deadline < earliest:
                earliest = deadline
        elif kind is ToUser:
            try:
                (<ToUser>output).deliver(*(<ToUser>output).arguments)
            except Exception:
                failed(output)
        elif kind is ClearTimer:
            timers.unset((<ClearTimer>output).owner)
        else:
            (<Terminated?>output).transaction.forget()
    return earliest
