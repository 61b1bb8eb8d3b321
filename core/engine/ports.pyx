"""Port pairs in rotation: RTP on the even port, RTCP on the next (RFC 3550 section 11). Python's thread only.

Rotation keeps a port out of use as long as possible, so that a late packet of an old call finds nobody. To bind two
sockets costs as much as a tenth of a call; those of an ended stream are therefore kept for a while and given to a new
one once they have rested: what has come to them meanwhile is thrown away.
"""

import array
import errno as _errno
import os
import resource
import time
from collections import deque as _deque

from libc.errno cimport EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE
from libc.stdint cimport uint16_t, uint32_t

from core.base.atomics cimport load_acquire_u32
from core.base.pool cimport id_slot, id_tag
from core.base.sockets cimport Address, close_fd, udp_empty, udp_open
from core.engine.arguments cimport local_address

cdef enum:
    TOS_EF = 0xB8              # expedited forwarding (RFC 3246): DSCP 46
    EMPTY = 512                # datagrams that a socket at rest may have heard: its buffer holds fewer

cdef uint32_t AT_REST = 0xFFFFFFFF  # an owner that no stream can be

# Seconds until sockets are given away again, longer than any packet of the old stream is under way.
cdef double REST_S = 1.0

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
        self.bound = {}
        self.single = set()
        # A quarter of the descriptors may rest.
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.most_resting = self.pairs if limit == resource.RLIM_INFINITY else min(self.pairs, limit // 8)

    cdef bint _in_use(self, uint32_t owner):
        if owner == AT_REST:
            return True
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
            return OSError(code, f"no descriptor is left for RTP on {local_ip} (the limit is {limit}, a stream takes two, one with rtcp-mux): "
                                 "raise it (ulimit -n, LimitNOFILE=)")
        if code == EADDRNOTAVAIL:
            return OSError(code, f"{local_ip} is no address of this machine: set the media address to one that is")
        return OSError(code, f"cannot bind {local_ip} port {port} for RTP: {os.strerror(code)}")

    cdef Place _place(self, str local_ip):
        cdef Place place = self.places.get(local_ip)
        if place is None:
            place = self.places[local_ip] = Place()
            place.owners = array.array("I", bytes(4 * self.pairs))
            place.resting = _deque()
            place.sockets = {}
        return place

    cdef int _claim(self, str local_ip, const Address* local, int pair, int* fds) except -1:
        """1 when the pair could be had: its stream is over, but Python has not been told yet, or nobody has bound it."""
        cdef Place place = self._place(local_ip)
        cdef uint32_t owner = place.owners[pair]
        if self._in_use(owner):
            return 0
        fd = place.sockets.get(pair)
        if fd is not None:
            if not self.workers[id_tag(owner)].legs[id_slot(owner)].reusable:
                return 0
            if self._usable(fd, fds):
                return 1
            self.close(fd)
        if self._bind(local_ip, local, pair, fds):
            return 0
        place.sockets[pair] = fds[0]
        self.bound[fds[0]] = (local_ip, pair, fds[1])
        return 1

    cdef bint _usable(self, int fd, int* fds):
        """Gives the sockets, emptied; False when somebody sends to them all the time."""
        fds[0], fds[1] = fd, self.bound[fd][2]
        if fds[1] < 0:
            fds[1] = self.complete(fd)
        return fds[1] >= 0 and udp_empty(fds[0], EMPTY) and udp_empty(fds[1], EMPTY)

    cdef int complete(self, int fd) except -2:
        cdef Address address
        cdef int rtcp_fd
        local_ip, pair, _ = self.bound[fd]
        address = local_address(local_ip)
        address.port = <uint16_t>(self.first + 2 * pair + 1)
        rtcp_fd = udp_open(&address, TOS_EF)
        if rtcp_fd < 0:
            return -1
        self.bound[fd] = (local_ip, pair, rtcp_fd)
        self.single.discard(fd)
        return rtcp_fd

    cdef int spare(self, uint32_t owner, int fd) except -1:
        found = self.bound.get(fd)
        # Another stream may have the pair by now, or the same one under another id.
        if found is None or found[2] < 0 or self._place(found[0]).owners[found[1]] != owner:
            return 0
        close_fd(found[2])
        self.bound[fd] = (found[0], found[1], -1)
        self.single.add(fd)
        return 0

    cdef int _take_now(self, str local_ip, const Address* local, int* fds) except -2:
        """-1 when none is free."""
        cdef Place place = self._place(local_ip)
        cdef int tried, pair
        for tried in range(self.pairs):
            pair = (place.next + tried) % self.pairs
            if self._claim(local_ip, local, pair, fds):
                place.next = (pair + 1) % self.pairs
                return pair
        return -1

    cdef int _wake(self, str local_ip, double age_s, int* fds) except -2:
        """The pair that has rested for longest, if that is `age_s` seconds at least; else -1."""
        cdef Place place = self._place(local_ip)
        before = time.monotonic() - age_s
        while place.resting and place.resting[0][0] <= before:
            fd = place.resting.popleft()[1]
            self.resting -= 1
            if self._usable(fd, fds):
                return self.bound[fd][1]
            self.close(fd)
        return -1

    cdef int take(self, str local_ip, const Address* local, int* fds) except -1:
        cdef int pair = self._wake(local_ip, REST_S, fds)
        deadline = time.monotonic() + HAND_BACK_S
        while pair < 0:
            pair = self._take_now(local_ip, local, fds)
            if pair < 0:
                pair = self._wake(local_ip, 0.0, fds)
            if pair >= 0:
                break
            # Streams may be on their way out: close() returns before the worker has let go of the sockets.
            if time.monotonic() >= deadline:
                raise self._exhausted(local_ip)
            time.sleep(0.001)
        return pair

    def _exhausted(self, str local_ip):
        ours = sum(1 for owner in self._place(local_ip).owners if self._in_use(owner))
        return PortsExhausted(
            _errno.EADDRINUSE,
            f"no RTP port pair is free on {local_ip} in {self.first}..{self.first + 2 * self.pairs - 1}: of {self.pairs} "
            f"pairs {ours} carry streams of this server, {self.pairs - ours} are held by other programs; widen the range",
        )

    cdef int give_to(self, str local_ip, int pair, uint32_t owner) except -1:
        self._place(local_ip).owners[pair] = owner
        return 0

    cdef int rest(self, uint32_t owner, int fd, bint reusable) except -1:
        cdef Place place
        found = self.bound.get(fd)
        if found is None:  # the engine was stopped meanwhile
            return 0
        place = self._place(found[0])
        if place.owners[found[1]] != owner:  # another stream has taken it over already
            return 0
        if not reusable or self.resting >= self.most_resting:
            return self.close(fd)
        place.owners[found[1]] = AT_REST
        place.resting.append((time.monotonic(), fd))
        self.resting += 1
        return 0

    cdef int close(self, int fd) except -1:
        cdef Place place
        local_ip, pair, rtcp_fd = self.bound.pop(fd)
        place = self._place(local_ip)
        place.owners[pair] = 0
        del place.sockets[pair]
        close_fd(fd)
        if rtcp_fd >= 0:
            close_fd(rtcp_fd)
        self.single.discard(fd)
        return 0

    cdef int tidy(self, double age_s) except -1:
        cdef Place place
        before = time.monotonic() - age_s
        for place in self.places.values():
            while place.resting and place.resting[0][0] <= before:
                self.resting -= 1
                self.close(place.resting.popleft()[1])
        return 0

    cdef int close_all(self) except -1:
        cdef Place place
        for fd in list(self.bound):
            self.close(fd)
        for place in self.places.values():
            place.resting.clear()
        self.resting = 0
        return 0

    cdef int moved(self, uint32_t old, uint32_t new) except -1:
        cdef Place place
        for place in self.places.values():
            if old in place.owners:
                place.owners[place.owners.index(old)] = new
                break
        return 0
