"""SMPP 3.4 protocol data units that an ESME needs, as bytes and back ("SMPP Protocol Specification v3.4", issue 1.2).

Reading is total: whatever a server sends is either a Pdu or a PduError, and unknown values stay numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

HEADER = 16
MAX_PDU = 70_000  # a message_payload holds 64 KiB
MAX_TLVS = 64
RESPONSE = 0x8000_0000

GENERIC_NACK = 0x8000_0000
SUBMIT_SM, DELIVER_SM = 0x0000_0004, 0x0000_0005
UNBIND, BIND_TRANSCEIVER = 0x0000_0006, 0x0000_0009
ENQUIRE_LINK, DATA_SM = 0x0000_0015, 0x0000_0103

# Statuses (section 5.1.3) that decide what happens to a message.
OK = 0x00
SYSTEM_ERROR, QUEUE_FULL, THROTTLED, TEMPORARY = 0x08, 0x14, 0x58, 0x64
ALREADY_BOUND, BIND_FAILED, INVALID_PASSWORD, INVALID_SYSTEM_ID = 0x05, 0x0D, 0x0E, 0x0F
INVALID_BIND_STATUS, INVALID_COMMAND = 0x04, 0x03

# Optional parameters (section 5.3.2)
USER_MESSAGE_REFERENCE, MESSAGE_STATE, RECEIPTED_MESSAGE_ID = 0x0204, 0x0427, 0x001E
SAR_REFERENCE, SAR_COUNT, SAR_NUMBER, MESSAGE_PAYLOAD = 0x020C, 0x020E, 0x020F, 0x0424
NETWORK_ERROR_CODE = 0x0423

UDHI = 0x40  # esm_class: the message begins with a user data header
RECEIPT = 0x04  # esm_class, bits 5..2: an SMSC delivery receipt


class PduError(ValueError):
    """What came is no PDU of SMPP."""


@dataclass(slots=True)
class Pdu:
    """A header and its body, undecoded."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        return struct.pack("!IIII", HEADER + len(self.body), self.command, self.status, self.sequence) + self.body


@dataclass(slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm; both have the same fields. TLVs are raw values by tag."""

    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    destination: str = ""
    destination_ton: int = 1
    destination_npi: int = 1
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    validity: str = ""
    message: bytes = b""
    tlvs: dict[int, bytes] = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        """The message, wherever it is."""
        return self.message or self.tlvs.get(MESSAGE_PAYLOAD, b"")

    @property
    def is_receipt(self) -> bool:
        return self.esm_class & 0x3C == RECEIPT

    def encode(self) -> bytes:
        fixed = struct.pack("!BB", self.source_ton, self.source_npi)
        to = struct.pack("!BB", self.destination_ton, self.destination_npi)
        return b"".join(
            (
                c_string(""),
                fixed,
                c_string(self.source),
                to,
                c_string(self.destination),
                bytes([self.esm_class, 0, 0]),  # protocol_id, priority_flag
                c_string(""),  # schedule_delivery_time
                c_string(self.validity),
                bytes([self.registered_delivery, 0, self.data_coding, 0, len(self.message)]),
                self.message,
                *(struct.pack("!HH", tag, len(value)) + value for tag, value in self.tlvs.items()),
            )
        )


def header(data: bytes) -> tuple[int, int, int, int]:
    """Length, command, status and sequence of 16 octets. Raises PduError for a length that is none."""
    length, command, status, sequence = struct.unpack("!IIII", data)
    if not HEADER <= length <= MAX_PDU:
        raise PduError(f"a PDU of {length} octets")
    return length, command, status, sequence


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of bind_transceiver."""
    identity = c_string(system_id) + c_string(password) + c_string(system_type)
    return identity + bytes([0x34, 0, 0]) + c_string("")


def message_id(body: bytes) -> str:
    """Of a submit_sm_resp; "" when it has none."""
    return _Reader(body).c_string() if body else ""


def short_message(body: bytes) -> ShortMessage:
    """The body of a deliver_sm. Raises PduError."""
    read = _Reader(body)
    read.c_string()  # service_type
    source_ton, source_npi = read.octet(), read.octet()
    source = read.c_string()
    destination_ton, destination_npi = read.octet(), read.octet()
    destination = read.c_string()
    esm_class = read.octet()
    read.take(2)  # protocol_id, priority_flag
    read.c_string()
    validity = read.c_string()
    registered = read.octet()
    read.octet()  # replace_if_present_flag
    data_coding = read.octet()
    read.octet()  # sm_default_msg_id
    message = read.take(read.octet())
    tlvs: dict[int, bytes] = {}
    while read.left and len(tlvs) < MAX_TLVS:
        tag, length = struct.unpack("!HH", read.take(4))
        tlvs[tag] = read.take(length)
    return ShortMessage(
        source,
        source_ton,
        source_npi,
        destination,
        destination_ton,
        destination_npi,
        esm_class,
        registered,
        data_coding,
        validity,
        message,
        tlvs,
    )


def c_string(text: str) -> bytes:
    """Octets with a NUL at their end; what is not ASCII becomes a question mark, and NULs go."""
    return text.replace("\0", "").encode("ascii", "replace") + b"\0"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise PduError(f"a PDU ends {count - self.left} octets too early")
        found = self._data[self._at : self._at + count]
        self._at += count
        return found

    def octet(self) -> int:
        return self.take(1)[0]

    def c_string(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise PduError("a string without its end")
        found = self._data[self._at : end].decode("latin-1")
        self._at = end + 1
        return found
