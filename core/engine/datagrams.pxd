"""STUN and DTLS of a stream's socket on their way to Python: a bounded ring of whole datagrams for each worker."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from core.base.sockets cimport Address

cdef enum:
    DATAGRAM_RING = 256        # datagrams that wait for Python; more are dropped, as a network would
    DATAGRAM_MAX = 1500        # bytes; DTLS and STUN do not send more
    DATAGRAMS_A_TURN = 32      # of one stream between two looks of the slow pass (a quarter of a second)

cdef struct Datagram:
    uint32_t stream
    uint16_t size
    uint16_t spare
    Address source
    uint8_t data[DATAGRAM_MAX]
