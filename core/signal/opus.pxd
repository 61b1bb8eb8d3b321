"""Opus (RFC 6716) by libopus, in memory that the owner gives once: nothing is allocated here.

Frames of 20 ms mono at 8, 16 or 48 kHz. Heavy: 10 to 130 µs a frame, so it belongs into helper threads
(core/engine/heavy), not into the tick of a worker. One thread at a time for each state.
"""

from libc.stdint cimport int16_t, uint8_t

cdef enum:
    OPUS_LARGEST = 1275        # octets of a packet (RFC 6716 section 3.2.1); what we send is far less

cdef struct OpusTuning:
    int bitrate                # bit/s; 0: libopus chooses by rate
    int complexity             # 0..10
    bint fec                   # in-band error correction: costs bits, saves single lost packets
    int expected_loss          # percent, 0..100: how much of the bits go into it
    bint dtx                   # send (nearly) nothing in silence

# Octets of memory for one encoder or decoder. A state is position independent: it is copied octet by octet (opus.h, OpusEncoder).
cdef int opus_encoder_memory() noexcept nogil
cdef int opus_decoder_memory() noexcept nogil
# Make a state in `memory`. False: libopus refused the rate.
cdef bint opus_encoder_start(void* memory, int rate, const OpusTuning* tuning) noexcept nogil
cdef bint opus_decoder_start(void* memory, int rate) noexcept nogil
# The bits that the far end's loss asks for, at any time: `bitrate` 0 leaves it to libopus, `expected_loss` 0 turns the redundancy off.
cdef void opus_encoder_tune(void* memory, int bitrate, int expected_loss) noexcept nogil
# Octets written, or 0 when libopus failed. `samples` must be 2.5, 5, 10, 20, 40 or 60 ms.
cdef int opus_encode_frame(void* memory, const int16_t* pcm, int samples, uint8_t* out, int capacity) noexcept nogil
# Samples written (at most `capacity`), or 0 for a malformed packet.
cdef int opus_decode_packet(void* memory, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil
# The lost packet before `data`, from the redundancy in it (FEC); without `data` from what was before (concealment).
cdef int opus_decode_lost(void* memory, const uint8_t* data, int size, int16_t* pcm, int samples) noexcept nogil
# Samples at `rate` that a packet plays, 0 when it is malformed or longer than 120 ms. Needs no decoder.
cdef int opus_packet_samples(const uint8_t* data, int size, int rate) noexcept nogil
