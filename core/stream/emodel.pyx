"""ITU-T G.107's formulas; see emodel.pxd."""

from libc.math cimport log2, pow

from core.stream.codec cimport CODEC_G722, CODEC_OPUS

cdef double OPTIMUM = EMODEL_OPTIMUM_Q3 / 1000.0


cdef double _delay_impairment(double delay_ms) noexcept nogil:
    """Idd: of pure delay, without echo (G.107 equations 7-27 and 7-28)."""
    cdef double x
    if delay_ms <= 100.0:
        return 0.0
    x = log2(delay_ms / 100.0)
    return 25.0 * (pow(1.0 + pow(x, 6.0), 1.0 / 6.0) - 3.0 * pow(1.0 + pow(x / 3.0, 6.0), 1.0 / 6.0) + 2.0)


cdef double emodel_rating(double loss, double burst_ratio, double delay_ms, double ie, double bpl) noexcept nogil:
    cdef double impairment, rating
    if loss < 0.0:
        loss = 0.0
    if burst_ratio < 1.0:
        burst_ratio = 1.0
    impairment = ie + (95.0 - ie) * loss / (loss / burst_ratio + bpl)
    rating = OPTIMUM - impairment - _delay_impairment(delay_ms)
    return 0.0 if rating < 0.0 else rating


cdef double emodel_mos(double rating) noexcept nogil:
    cdef double mos
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    mos = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6
    return 1.0 if mos < 1.0 else mos


cdef void emodel_codec(int codec, double* ie, double* bpl) noexcept nogil:
    # G.711 with concealment, as far ends have it. G.722 and Opus are rated on the narrow-band scale like it; Opus with its
    # error correction stands loss better (no value of G.113 exists).
    ie[0] = 0.0
    bpl[0] = 25.1
    if codec == CODEC_OPUS:
        bpl[0] = 30.0
    elif codec == CODEC_G722:
        bpl[0] = 25.1


def rating(double loss, double burst_ratio=1.0, double delay_ms=0.0, double ie=0.0, double bpl=25.1) -> float:
    """The rating R, 0..93.2: `loss` in percent, `delay_ms` mouth to ear, `ie` and `bpl` of the codec (G.113)."""
    return emodel_rating(loss, burst_ratio, delay_ms, ie, bpl)


def mos(double rating) -> float:
    """The estimated mean opinion score (MOS-CQE) of a rating, 1..4.5."""
    return emodel_mos(rating)
