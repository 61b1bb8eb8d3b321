"""Opus (RFC 6716) by libopus: mono s16 samples in host order."""

def version() -> str:
    """What libopus calls itself."""

class Encoder:
    """The encoder for Python: tests and tools."""

    rate: int

    def __init__(
        self,
        rate: int = 16000,
        *,
        bitrate: int = 0,
        complexity: int = 5,
        fec: bool = True,
        expected_loss: int = 0,
        dtx: bool = False,
    ) -> None: ...
    def tune(self, bitrate: int, expected_loss: int) -> None:
        """What the far end's loss asks for: bit/s (0: libopus chooses) and percent (0: no redundancy)."""
    def encode(self, pcm: bytes) -> bytes:
        """One frame of s16 samples to a packet. Raises ValueError when it is not 2.5, 5, 10, 20, 40 or 60 ms."""

class Decoder:
    """The decoder for Python: tests and tools."""

    rate: int

    def __init__(self, rate: int = 16000) -> None: ...
    def decode(self, data: bytes) -> bytes:
        """A packet to s16 samples. Raises ValueError for what is no packet."""
    def lost(self, samples: int, following: bytes = b"") -> bytes:
        """A lost frame: from the packet that followed it, or from what was before."""
