"""ITU-T G.722 at 64 kbit/s: 16 kHz s16 samples in host order, one octet for two samples."""

class Encoder:
    """The encoder for Python: tests and tools."""

    def __init__(self) -> None: ...
    def encode(self, pcm: bytes) -> bytes:
        """16 kHz s16 samples (host order) to octets. Raises ValueError unless they are whole pairs of samples."""

class Decoder:
    """The decoder for Python: tests and tools."""

    def __init__(self) -> None: ...
    def decode(self, data: bytes) -> bytes:
        """Octets to 16 kHz s16 samples (host order)."""
