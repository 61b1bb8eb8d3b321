"""Contexts for SRTP out of keys, by pylibsrtp; see keys.pxd."""

from libc.stdint cimport uint32_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.base.atomics cimport load_acquire_i32
from core.stream.srtp cimport Srtp, srtp_bind

# Master key and salt, in bytes, by DTLS-SRTP protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
cdef dict KEY_SIZES = {1: 30, 2: 30, 7: 28, 8: 44}
cdef enum:
    REPLAY_WINDOW = 128        # packets
_binding = None


def _bind():
    """Loads libsrtp when the first key comes: a server without SRTP pays nothing for it."""
    global _binding
    if _binding is None:
        try:
            import pylibsrtp
            from pylibsrtp._binding import ffi, lib
        except Exception as error:
            raise OSError(f"SRTP is not to be had: pylibsrtp does not load ({error}); install it again") from error
        addresses = [
            int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
            for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
        ]
        srtp_bind(<uintptr_t>addresses[0], <uintptr_t>addresses[1], <uintptr_t>addresses[2], <uintptr_t>addresses[3])
        _binding = pylibsrtp, ffi
    return _binding


cdef class KeyStore:
    def __cinit__(self, uint32_t capacity):
        self.table = <SrtpTable*>calloc(1, sizeof(SrtpTable))
        if self.table == NULL:
            raise MemoryError("no memory for SRTP contexts")
        # Pages that no call touches cost nothing.
        self.table.items = <Srtp*>calloc(capacity, sizeof(Srtp))
        if self.table.items == NULL:
            raise MemoryError("no memory for SRTP contexts")
        self.table.capacity = capacity
        self.unused = 1
        self.free = []
        self.sessions = {}
        self.current = {}
        self.retired = []

    def __dealloc__(self):
        if self.table != NULL:
            free(self.table.items)
            free(self.table)

    cdef uint32_t _number(self) except 0:
        if self.free:
            return self.free.pop()
        if self.unused >= self.table.capacity:
            raise MemoryError(f"no place for another SRTP context: {self.table.capacity} are in use")
        self.unused += 1
        return self.unused - 1

    cdef int _give_back(self, uint32_t number) except -1:
        del self.sessions[number]
        self.free.append(number)
        return 0

    cdef int _sweep(self) except -1:
        cdef list waiting = []
        for number in self.retired:
            if load_acquire_i32(&self.table.items[<uint32_t>number].released):
                self._give_back(number)
            else:
                waiting.append(number)
        self.retired = waiting
        return 0

    cdef uint32_t add(self, uint32_t stream, str direction, int profile, bytes key) except? 0:
        cdef uint32_t number
        cdef Srtp* item
        if KEY_SIZES.get(profile) != len(key):
            raise ValueError(f"SRTP profile {profile} with a key of {len(key)} bytes: {KEY_SIZES} are known")
        known = self.current.setdefault(stream, {})
        before = known.get(direction)
        if before is not None and before[1:] == (profile, key):
            return 0
        module, ffi = _bind()
        if self.retired:
            self._sweep()
        kind = module.Policy.SSRC_ANY_INBOUND if direction == "in" else module.Policy.SSRC_ANY_OUTBOUND
        policy = module.Policy(key=key, ssrc_type=kind, srtp_profile=profile)
        policy.window_size = REPLAY_WINDOW
        session = module.Session(policy)
        number = self._number()
        item = &self.table.items[number]
        memset(item, 0, sizeof(Srtp))
        item.session = <void*><uintptr_t>int(ffi.cast("uintptr_t", session._srtp[0]))
        self.sessions[number] = session
        known[direction] = (number, profile, key)
        if before is not None:
            self.retired.append(before[0])
        return number

    cdef int drop(self, uint32_t stream) except -1:
        for entry in self.current.pop(stream, {}).values():
            self._give_back(entry[0])
        if self.retired:
            self._sweep()
        return 0

    cdef int move(self, uint32_t old, uint32_t new) except -1:
        known = self.current.pop(old, None)
        if known is not None:
            self.current[new] = known
        return 0
