"""The numbers of messages.pxd as Python sees them."""

from core.stream cimport latch as _latch
from core.stream cimport stream as _stream

if sizeof(Command) != 192 or sizeof(Event) != 64:
    raise ImportError(f"Command and Event must be 192 and 64 bytes, they are {sizeof(Command)} and {sizeof(Event)}")

COMMAND_SIZE = sizeof(Command)
EVENT_SIZE = sizeof(Event)
LAYOUT_VERSION = LAYOUT

CODEC_PCMU = _stream.CODEC_PCMU
CODEC_PCMA = _stream.CODEC_PCMA

LATCH_SIGNALLED = _latch.LATCH_SIGNALLED
LATCH_ANY = _latch.LATCH_ANY
LATCH_STRICT = _latch.LATCH_STRICT
LATCH_TOLD = _latch.LATCH_TOLD
