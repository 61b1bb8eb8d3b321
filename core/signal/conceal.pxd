"""Concealment of lost sound by repeating the last pitch periods (the method of ITU-T G.711 Appendix I), at any rate.

Also shortens and lengthens sound by whole pitch periods, which is how a jitter buffer changes its depth unheard.
All good sound of a stream goes through `conceal_good`, all lost sound is made by `conceal_lost`. No delay is added: the
period before a loss is not smeared, the seam is smoothed on the repetition's side. One thread, no allocation.
"""

from libc.stdint cimport int16_t

cdef enum:
    CONCEAL_HISTORY = 2400     # samples: 50 ms at 48 kHz
    CONCEAL_PERIOD = 720       # longest pitch period: 15 ms at 48 kHz

cdef struct Concealer:
    int rate                   # Hz
    int shortest               # pitch periods that are looked for, samples
    int longest
    int step                   # coarse search looks at every n-th sample
    int keep                   # samples of history
    int lost                   # samples concealed in the loss that is going on; 0: none
    int period                 # of the repetition, samples
    int periods                # how many of them the loop has by now
    int offset                 # where in the loop the next sample is
    int history_count
    int16_t history[CONCEAL_HISTORY]       # what was played last, newest at the end
    int16_t loop[3 * CONCEAL_PERIOD]       # the last periods before the loss, smoothed at its seam

cdef void conceal_init(Concealer* c, int rate) noexcept nogil
# Sound that arrived, in place: after a loss its first milliseconds fade over from the repetition.
cdef void conceal_good(Concealer* c, int16_t* pcm, int samples) noexcept nogil
# Makes `samples` of lost sound: full for 10 ms, then falling to silence at 60 ms.
cdef void conceal_lost(Concealer* c, int16_t* pcm, int samples) noexcept nogil
# Takes about `wanted` samples out of (wanted < 0) or puts them into (wanted > 0) `samples` of sound, in place; `pcm` has
# room for `capacity` samples. Returns the new number, which is the old one where nothing could be changed unheard.
cdef int conceal_stretch(Concealer* c, int16_t* pcm, int samples, int wanted, int capacity) noexcept nogil
