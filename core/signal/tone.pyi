"""A generator of one or two sine tones."""

FULL_SCALE_DBM0: float  # level of a full-scale sine, ITU-T G.711 A-law

def tone_bytes(f1: float, f2: float, level_dbm0: float, samples: int, rate: int = 8000) -> bytes:
    """Samples (s16, host order) of one tone, or two when `f2` is not 0, of `level_dbm0` each, starting at phase 0.

    Raises ValueError when a frequency is negative or not under half the rate, or the number of samples is negative.
    """
