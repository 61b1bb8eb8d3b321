"""The E-model (ITU-T G.107) for telephone sound."""

def rating(loss: float, burst_ratio: float = 1.0, delay_ms: float = 0.0, ie: float = 0.0, bpl: float = 25.1) -> float:
    """The rating R, 0..93.2: `loss` in percent, `delay_ms` mouth to ear, `ie` and `bpl` of the codec (G.113)."""

def mos(rating: float) -> float:
    """The estimated mean opinion score (MOS-CQE) of a rating, 1..4.5."""
