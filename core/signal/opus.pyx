"""The few calls of libopus that a telephone needs; see opus.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free, malloc

cdef extern from "<opus/opus.h>" nogil:
    ctypedef struct OpusEncoder:
        pass
    ctypedef struct OpusDecoder:
        pass
    int OPUS_APPLICATION_VOIP
    int opus_encoder_get_size(int channels)
    int opus_decoder_get_size(int channels)
    int opus_encoder_init(OpusEncoder* st, int32_t fs, int channels, int application)
    int opus_decoder_init(OpusDecoder* st, int32_t fs, int channels)
    int32_t opus_encode(OpusEncoder* st, const int16_t* pcm, int frame_size, unsigned char* data, int32_t max_data_bytes)
    int opus_decode(OpusDecoder* st, const unsigned char* data, int32_t len, int16_t* pcm, int frame_size, int decode_fec)
    int opus_packet_get_nb_samples(const unsigned char* packet, int32_t len, int32_t fs)
    const char* opus_get_version_string()

cdef extern from *:
    """
    static void opus_tune(OpusEncoder *e, int bitrate, int complexity, int fec, int loss, int dtx) {
        opus_encoder_ctl(e, OPUS_SET_BITRATE(bitrate > 0 ? bitrate : OPUS_AUTO));
        opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
        opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(fec));
        opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(loss));
        opus_encoder_ctl(e, OPUS_SET_DTX(dtx));
        opus_encoder_ctl(e, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    }
    static void opus_retune(OpusEncoder *e, int bitrate, int loss) {
        opus_encoder_ctl(e, OPUS_SET_BITRATE(bitrate > 0 ? bitrate : OPUS_AUTO));
        opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(loss > 0));
        opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(loss));
    }
    """
    void opus_tune(OpusEncoder* e, int bitrate, int complexity, int fec, int loss, int dtx) nogil
    void opus_retune(OpusEncoder* e, int bitrate, int loss) nogil


cdef int opus_encoder_memory() noexcept nogil:
    return opus_encoder_get_size(1)


cdef int opus_decoder_memory() noexcept nogil:
    return opus_decoder_get_size(1)


cdef bint opus_encoder_start(void* memory, int rate, const OpusTuning* tuning) noexcept nogil:
    if opus_encoder_init(<OpusEncoder*>memory, rate, 1, OPUS_APPLICATION_VOIP) != 0:
        return False
    opus_tune(<OpusEncoder*>memory, tuning.bitrate, tuning.complexity, tuning.fec, tuning.expected_loss, tuning.dtx)
    return True


cdef bint opus_decoder_start(void* memory, int rate) noexcept nogil:
    return opus_decoder_init(<OpusDecoder*>memory, rate, 1) == 0


cdef void opus_encoder_tune(void* memory, int bitrate, int expected_loss) noexcept nogil:
    opus_retune(<OpusEncoder*>memory, bitrate, 0 if expected_loss < 0 else 100 if expected_loss > 100 else expected_loss)


cdef int opus_encode_frame(void* memory, const int16_t* pcm, int samples, uint8_t* out, int capacity) noexcept nogil:
    cdef int size = opus_encode(<OpusEncoder*>memory, pcm, samples, out, capacity)
    return size if size > 0 else 0


cdef int opus_packet_samples(const uint8_t* data, int size, int rate) noexcept nogil:
    cdef int samples
    if size <= 0 or size > OPUS_LARGEST:
        return 0
    samples = opus_packet_get_nb_samples(data, size, rate)
    return samples if 0 < samples <= rate * 120 // 1000 else 0


cdef int opus_decode_packet(void* memory, const uint8_t* data, int size, int16_t* pcm, int capacity) noexcept nogil:
    cdef int samples
    if size <= 0 or size > OPUS_LARGEST:
        return 0
    samples = opus_decode(<OpusDecoder*>memory, data, size, pcm, capacity, 0)
    return samples if samples > 0 else 0


cdef int opus_decode_lost(void* memory, const uint8_t* data, int size, int16_t* pcm, int samples) noexcept nogil:
    cdef int made
    if data != NULL and 0 < size <= OPUS_LARGEST:
        made = opus_decode(<OpusDecoder*>memory, data, size, pcm, samples, 1)
        if made > 0:
            return made
    made = opus_decode(<OpusDecoder*>memory, NULL, 0, pcm, samples, 0)
    return made if made > 0 else 0


def version() -> str:
    """What libopus calls itself."""
    return opus_get_version_string().decode()


cdef int _rate(int rate) except -1:
    if rate not in (8000, 12000, 16000, 24000, 48000):
        raise ValueError(f"Opus has no rate of {rate} Hz; it has 8000, 12000, 16000, 24000, 48000")
    return rate


cdef class Encoder:
    """The encoder for Python: tests and tools."""

    cdef void* memory
    cdef readonly int rate

    def __cinit__(self, int rate=16000, *, int bitrate=0, int complexity=5, bint fec=True, int expected_loss=0,
                  bint dtx=False):
        cdef OpusTuning tuning
        self.rate = _rate(rate)
        tuning.bitrate = bitrate
        tuning.complexity = complexity
        tuning.fec = fec
        tuning.expected_loss = expected_loss
        tuning.dtx = dtx
        self.memory = malloc(opus_encoder_memory())
        if self.memory == NULL or not opus_encoder_start(self.memory, rate, &tuning):
            raise MemoryError("no Opus encoder")

    def __dealloc__(self):
        free(self.memory)

    def tune(self, int bitrate, int expected_loss) -> None:
        """What the far end's loss asks for: bit/s (0: libopus chooses) and percent (0: no redundancy)."""
        opus_encoder_tune(self.memory, bitrate, expected_loss)

    def encode(self, bytes pcm) -> bytes:
        """One frame of s16 samples to a packet. Raises ValueError when it is not 2.5, 5, 10, 20, 40 or 60 ms."""
        cdef uint8_t[OPUS_LARGEST] out
        cdef const char* source = pcm
        cdef int size = opus_encode_frame(self.memory, <const int16_t*>source, <int>(len(pcm) // 2), out, OPUS_LARGEST)
        if not size:
            raise ValueError(f"{len(pcm) // 2} samples at {self.rate} Hz are no frame of Opus")
        return bytes(out[:size])


cdef class Decoder:
    """The decoder for Python: tests and tools."""

    cdef void* memory
    cdef readonly int rate

    def __cinit__(self, int rate=16000):
        self.rate = _rate(rate)
        self.memory = malloc(opus_decoder_memory())
        if self.memory == NULL or not opus_decoder_start(self.memory, rate):
            raise MemoryError("no Opus decoder")

    def __dealloc__(self):
        free(self.memory)

    cdef bytes _pcm(self, int16_t* pcm, int samples):
        return bytes((<char*>pcm)[:2 * samples])

    def decode(self, bytes data) -> bytes:
        """A packet to s16 samples. Raises ValueError for what is no packet."""
        cdef int16_t[5760] pcm
        cdef const char* source = data
        cdef int samples = opus_decode_packet(self.memory, <const uint8_t*>source, <int>len(data), pcm, 5760)
        if not samples:
            raise ValueError(f"these {len(data)} octets are no Opus packet")
        return self._pcm(pcm, samples)

    def lost(self, int samples, bytes following=b"") -> bytes:
        """A lost frame: from the packet that followed it, or from what was before."""
        cdef int16_t[5760] pcm
        cdef const char* source = following
        cdef int made
        if not 0 < samples <= 5760:
            raise ValueError(f"{samples} samples are no frame of Opus")
        made = opus_decode_lost(self.memory, <const uint8_t*>source if following else NULL, <int>len(following), pcm,
                                samples)
        return self._pcm(pcm, made)
