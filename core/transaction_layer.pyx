"""What all transactions of one user agent share: see the .pxd and the .pyi."""


cdef class Layer:
    def __init__(self, timers, out, on_stray_answer, acknowledge_failure):
        self.timers, self.out, self.on_stray_answer = timers, out, on_stray_answer
        self.acknowledge_failure = acknowledge_failure
        self.clients, self.servers, self.merged = {}, {}, {}
        self.t1, self.t2, self.t4 = timers.t1, timers.t2, timers.t4
        self.timeout, self.ringing_limit = timers.timeout, timers.c
