"""G.711 companding (ITU-T G.711): linear s16 samples in host order, one octet a sample."""

def ulaw_encode_bytes(pcm: bytes) -> bytes:
    """Linear s16 samples (host order) to mu-law octets. Raises ValueError on an odd number of octets."""

def alaw_encode_bytes(pcm: bytes) -> bytes:
    """Linear s16 samples (host order) to A-law octets. Raises ValueError on an odd number of octets."""

def ulaw_decode_bytes(data: bytes) -> bytes:
    """Mu-law octets to linear s16 samples (host order)."""

def alaw_decode_bytes(data: bytes) -> bytes:
    """A-law octets to linear s16 samples (host order)."""

def ulaw_to_alaw_bytes(data: bytes) -> bytes:
    """Mu-law octets to A-law octets (G.711 table 3)."""

def alaw_to_ulaw_bytes(data: bytes) -> bytes:
    """A-law octets to mu-law octets (G.711 table 4)."""
