"""SRTP as a media worker calls it, for the bench: no Python object in the timed part."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from core.engine.keys cimport KeyStore
from core.stream.rtp cimport rtp_write
from core.stream.srtp cimport SRTP_ROOM, Srtp, srtp_open_rtp, srtp_seal_rtp


cdef class Pair:
    """Both ends of a protected stream; `rounds` packets of 160 octets of payload go through one a call."""

    cdef KeyStore keys
    cdef Srtp* out
    cdef Srtp* back
    cdef uint32_t sequence

    def __cinit__(self, int profile, bytes key):
        self.keys = KeyStore(8)
        self.out = &self.keys.table.items[self.keys.add(1, "out", profile, key)]
        self.back = &self.keys.table.items[self.keys.add(1, "in", profile, key)]

    def run(self, int rounds):
        """Protects and unprotects `rounds` packets; how many came back whole."""
        cdef uint8_t[172 + SRTP_ROOM] packet
        cdef int i, size, good = 0
        with nogil:
            for i in range(rounds):
                memset(packet + 12, 0x55, 160)
                rtp_write(packet, 0, False, <unsigned short>self.sequence, self.sequence * 160, 7)
                self.sequence += 1
                size = srtp_seal_rtp(self.out, packet, 172)
                size = srtp_open_rtp(self.back, packet, size)
                good += size == 172 and packet[100] == 0x55
        return good
