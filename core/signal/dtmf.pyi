"""The in-band DTMF detector (ITU-T Q.23, Q.24)."""

class Detector:
    """The detector for Python: tests, tools and the analysis of recordings. Not for the media path."""

    def __init__(self, *, dial_tone_filter: bool = False) -> None: ...
    def feed(self, pcm: bytes) -> str:
        """Feeds 8 kHz s16 samples (host order), any number; returns the digits accepted inside, in order.

        Raises ValueError on an odd number of octets.
        """
    @property
    def last_ms(self) -> int:
        """How long the last accepted digit has sounded so far, in ms; final once `sounding` is empty."""
    @property
    def sounding(self) -> str:
        """The digit that sounds now, or an empty string."""

def frequencies(digit: str) -> tuple[float, float]:
    """The low and the high frequency of a digit in Hz. Raises ValueError for anything but one of 0-9 * # A-D."""
