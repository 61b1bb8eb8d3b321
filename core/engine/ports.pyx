"""Port pairs in rotation: RTP on the even port, RTCP on the next (RFC 3550 section 11). Python's thread only.

Rotation keeps a port out of use as long as possible, so that a late packet of an old call finds nobody.
"""

import array
import errno as _errno
import os
import resource
import time

from libc.errno cimport EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE
from libc.stdint cimport uint16_t, uint32_t

from core.base.atomics cimport load_acquire_u32
from core.base.pool cimport id_slot, id_tag
from core.base.sockets cimport Address, close_fd, udp_open

cdef enum:
    TOS_EF = 0xB8              # expedited forwarding (RFC 3246): DSCP 46

# How long open() waits for ports that are being closed.
cdef double HAND_BACK_S = 0.05


class PortsExhausted(OSError):
    """No RTP port pair of the range is free; the message names the range and the remedy."""


cdef class PortRange:
    def __cinit__(self, int port_min, int port_max):
        self.first = port_min + (port_min & 1)
        self.pairs = (port_max + 1 - self.first) // 2
        if not 1 <= port_min <= port_max <= 65535 or self.pairs < 1:
            raise ValueError(f"the RTP port range {port_min}..{port_max} holds no even port with its next one")
        self.places = {}

    cdef bint _in_use(self, uint32_t owner):
        return owner != 0 and load_acquire_u32(&self.workers[id_tag(owner)].legs[id_slot(owner)].id) == owner

    cdef int _bind(self, str local_ip, const Address* local, int pair, int* fds) except -1:
        """0, or EADDRINUSE when another program holds one of the two; other failures raise with the remedy."""
        cdef Address address = local[0]
        cdef int i
        for i in range(2):
            address.port = <uint16_t>(self.first + 2 * pair + i)
            fds[i] = udp_open(&address, TOS_EF)
            if fds[i] >= 0:
                continue
            if i:
                close_fd(fds[0])
            if fds[i] == -EADDRINUSE:
                return EADDRINUSE
            raise self._refusal(local_ip, address.port, -fds[i])
        return 0

    def _refusal(self, local_ip, port, int code):
        if code == EMFILE or code == ENFILE:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return OSError(code, f"no descriptor is left for RTP on {local_ip} (the limit is {limit}, a stream takes two): "
                                 "raise it (ulimit -n, LimitNOFILE=)")
        if code == EADDRNOTAVAIL:
            return OSError(code, f"{local_ip} is no address of this machine: set the media address to one that is")
        return OSError(code, f"cannot bind {local_ip} port {port} for RTP: {os.strerror(code)}")

    cdef int _take_now(self, str local_ip, const Address* local, int* fds) except -2:
        """-1 when none is free."""
        cdef int tried, pair
        place = self.places.get(local_ip)
        if place is None:
            place = self.places[local_ip] = [array.array("I", bytes(4 * self.pairs)), 0]
        for tried in range(self.pairs):
            pair = (<int>place[1] + tried) % self.pairs
            if not self._in_use(place[0][pair]) and self._bind(local_ip, local, pair, fds) == 0:
                place[1] = (pair + 1) % self.pairs
                return pair
        return -1

    cdef int take(self, str local_ip, const Address* local, int* fds) except -1:
        cdef int pair, ours
        deadline = time.monotonic() + HAND_BACK_S
        while True:
            pair = self._take_now(local_ip, local, fds)
            if pair >= 0:
                return pair
            # Streams may be on their way out: close() returns before the worker has let go of the sockets.
            if time.monotonic() >= deadline:
                break
            time.sleep(0.001)
        ours = sum(1 for owner in self.places[local_ip][0] if self._in_use(owner))
        raise PortsExhausted(
            _errno.EADDRINUSE,
            f"no RTP port pair is free on {local_ip} in {self.first}..{self.first + 2 * self.pairs - 1}: of {self.pairs} "
            f"pairs {ours} carry streams of this server, {self.pairs - ours} are held by other programs; widen the range",
        )

    cdef int give_to(self, str local_ip, int pair, uint32_t owner) except -1:
        self.places[local_ip][0][pair] = owner
        return 0
