"""The mixer of rooms: sums without one's own voice, saturated. For tests, tools and the bench."""

from collections.abc import Sequence

def mix_minus_bytes(voices: Sequence[bytes], law: str = "") -> list[bytes]:
    """For each of the frames (s16, host order, equal lengths) the saturated sum of all others, encoded by `law`.

    Raises ValueError when there is none, the lengths differ or are odd.
    """

def level_dbm0(pcm: bytes) -> int:
    """Level of a frame of s16 samples in whole dBm0, -127 for silence. Raises ValueError on an odd number of octets."""

def mix_rounds(voices: Sequence[bytes], rounds: int) -> float:
    """Decodes, mixes and encodes one PCMU frame for each voice `rounds` times; seconds a round. For the bench."""
