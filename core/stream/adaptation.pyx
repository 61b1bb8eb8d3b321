"""Classes of loss and steps of bit rate; see adaptation.pxd."""

from libc.stdint cimport uint8_t

cdef enum:
    PATIENCE = 3               # reports that must agree before less is done
    NARROW = 2                 # reports of heavy loss that make a narrow path
    LOWEST = 16000             # bit/s: under this libopus leaves the redundancy out at 16 kHz

cdef float HEAVY = 10.0        # percent
cdef float LIGHT = 2.0
cdef float SLOW = 0.5          # share of a new report, when it is better than what was before
cdef float MARGIN = 0.75       # of a class's lower edge: loss must fall under it before the class is left

# Loss from `edges[i]` percent on: the encoder expects `classes[i]`.
cdef float[5] edges = [0.0, 1.0, 4.0, 8.0, 15.0]
cdef int[5] classes = [0, 5, 10, 20, 30]


cdef void adaptation_init(Adaptation* a, int least_loss, int bitrate) noexcept nogil:
    a.least_loss = a.expected_loss = least_loss
    a.base_bitrate = a.bitrate = bitrate
    a.lowest_bitrate = LOWEST if bitrate > LOWEST else bitrate
    a.loss = 0.0
    a.better = a.heavy = a.light = 0


cdef int _class(float loss) noexcept nogil:
    cdef int i
    for i in range(4, 0, -1):
        if loss >= edges[i]:
            return i
    return 0


cdef int _class_of(int expected) noexcept nogil:
    cdef int i
    for i in range(4, 0, -1):
        if expected >= classes[i]:
            return i
    return 0


cdef void _expect(Adaptation* a) noexcept nogil:
    cdef int now = _class_of(a.expected_loss), wanted = _class(a.loss)
    if wanted >= now:
        a.better = 0
    else:
        a.better = a.better + 1 if a.loss < MARGIN * edges[now] else 0
        wanted = now
        if a.better >= PATIENCE:
            a.better = 0
            wanted = now - 1
    a.expected_loss = classes[wanted] if classes[wanted] > a.least_loss else a.least_loss


cdef void _pace(Adaptation* a, float loss) noexcept nogil:
    a.heavy = a.heavy + 1 if loss >= HEAVY else 0
    a.light = a.light + 1 if loss < LIGHT else 0
    if a.heavy >= NARROW:
        a.heavy = 0
        a.bitrate = a.bitrate * 4 // 5
    elif a.light >= PATIENCE and a.bitrate < a.base_bitrate:
        a.light = 0
        a.bitrate = a.bitrate * 11 // 10
    if a.bitrate < a.lowest_bitrate:
        a.bitrate = a.lowest_bitrate
    if a.bitrate > a.base_bitrate:
        a.bitrate = a.base_bitrate


cdef bint adaptation_report(Adaptation* a, uint8_t fraction_lost) noexcept nogil:
    cdef float loss = fraction_lost * 100.0 / 256.0
    cdef int expected = a.expected_loss, bitrate = a.bitrate
    # Worse is believed at once.
    a.loss = loss if loss > a.loss else a.loss + SLOW * (loss - a.loss)
    _expect(a)
    _pace(a, loss)
    return a.expected_loss != expected or a.bitrate != bitrate
