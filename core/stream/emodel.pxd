"""The E-model (ITU-T G.107) for telephone sound: from loss, burstiness and delay to the rating R and the estimated MOS.

With all other parameters at their defaults. Values are MOS-CQE of narrow-band listening: say so where they are shown.
"""

cdef enum:
    EMODEL_OPTIMUM_Q3 = 93206  # R of a call without any impairment, in thousandths

# R (0..93.2). `loss` in percent, `burst_ratio` 1 for random loss (G.107 section 3.5), `delay_ms` mouth to ear, `ie` and `bpl`
# of the codec (G.113 appendix I).
cdef double emodel_rating(double loss, double burst_ratio, double delay_ms, double ie, double bpl) noexcept nogil
cdef double emodel_mos(double rating) noexcept nogil
# Of a codec (CODEC_*): its equipment impairment, and how well it stands loss.
cdef void emodel_codec(int codec, double* ie, double* bpl) noexcept nogil
