"""What the SIP layer wants done, as plain objects, and the loop that does it: see the .pyi for the contract."""

cimport cython

from core.timers cimport TimerQueue


cdef class Traffic:
    cdef public long long sent
    cdef public long long sent_bytes


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


cdef bint send_by_flow(Send output, dict traffic) except -1:
    """Whether the destination is one that is connected already: then it was sent there."""
    cdef tuple destination
    cdef Traffic counters
    if not isinstance(output.destination, tuple):
        return False
    destination = <tuple>output.destination  # unchecked: a named tuple is none to the compiler
    if len(destination) < 4:
        return False
    flow = destination[3]
    if flow is None or flow.closed:
        return False
    counters = traffic[destination[0]]
    counters.sent += 1
    counters.sent_bytes += len(output.data)
    flow.send(output.data, (destination[1], destination[2]))
    return True


def execute(
    out not None, TimerQueue timers not None, dict traffic not None, send not None, failed not None, double now,
    double earliest,
):
    cdef double deadline
    popleft = out.popleft
    while out:
        output = popleft()
        kind = type(output)
        if kind is Send:
            if not send_by_flow(<Send>output, traffic):
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
