"""What the SIP layer wants done, as plain objects, and the loop that does it: see the .pyi for the contract."""

cimport cython

from libc.math cimport INFINITY

from core.timers cimport TimerQueue


cdef class Traffic:
    pass


@cython.freelist(64)
cdef class Send:
    def __cinit__(self, bytes data not None=b"", destination=None, owner=None):
        self.data = data
        self.destination = destination
        self.owner = owner


@cython.freelist(64)
cdef class SetTimer:
    def __cinit__(self, owner=None, double delay_s=0.0):
        self.owner = owner
        self.delay_s = delay_s


@cython.freelist(16)
cdef class ClearTimer:
    def __cinit__(self, owner):
        self.owner = owner


@cython.freelist(16)
cdef class ToUser:
    def __cinit__(self, deliver=None, *arguments):
        self.deliver = deliver
        self.arguments = arguments


@cython.freelist(16)
cdef class Terminated:
    def __cinit__(self, transaction):
        self.transaction = transaction


cdef int send_later(object out, bytes data, object destination, object owner) except -1:
    cdef Send output = Send.__new__(Send)
    output.data, output.destination, output.owner = data, destination, owner
    out.append(output)
    return 0


cdef int set_timer(object out, object owner, double delay_s) except -1:
    cdef SetTimer output = SetTimer.__new__(SetTimer)
    output.owner, output.delay_s = owner, delay_s
    out.append(output)
    return 0


cdef int end_of(object out, object transaction) except -1:
    out.append(ClearTimer(transaction))
    out.append(Terminated(transaction))
    return 0


cdef int expired(object out, object transaction) except -1:
    out.append(Terminated(transaction))
    return 0


cdef int tell(object out, object deliver, tuple arguments) except -1:
    cdef ToUser output = ToUser.__new__(ToUser)
    output.deliver, output.arguments = deliver, arguments
    out.append(output)
    return 0


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


cdef class Pump:
    def __cinit__(self, out not None, TimerQueue timers not None, dict traffic not None, send, failed, wake_up):
        self.out, self.timers, self.traffic = out, timers, traffic
        self.send, self.failed, self.wake_up = send, failed, wake_up
        self.wake_at = INFINITY

    def __call__(self):
        cdef double earliest
        if self.pumping or self.clock is None or not self.out:
            return
        self.pumping = True
        try:
            earliest = self.execute(self.clock())
        finally:
            self.pumping = False
        if earliest < self.wake_at:
            self.wake_up(earliest)

    cdef double execute(self, double now) except? -1:
        cdef double deadline, earliest = self.wake_at
        out = self.out
        popleft = out.popleft
        while out:
            output = popleft()
            kind = type(output)
            if kind is Send:
                if not send_by_flow(<Send>output, self.traffic):
                    self.send(output)
            elif kind is SetTimer:
                deadline = now + (<SetTimer>output).delay_s
                self.timers.set((<SetTimer>output).owner, deadline)
                if deadline < earliest:
                    earliest = deadline
            elif kind is ToUser:
                try:
                    (<ToUser>output).deliver(*(<ToUser>output).arguments)
                except Exception:
                    self.failed(output)
            elif kind is ClearTimer:
                self.timers.unset((<ClearTimer>output).owner)
            else:
                (<Terminated?>output).transaction.forget()
        return earliest
