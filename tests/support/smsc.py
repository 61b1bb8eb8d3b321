"""An SMSC that speaks SMPP 3.4: takes messages, gives receipts, sends what customers write, and misbehaves when asked.

It shares no code with pbx.sms: PDUs are read and written here, texts are decoded by another library's alphabet.
Threads and blocking sockets, so that tests of every kind can have one.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from aiosmpplib.codec import find_codec_info

BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x09, 0x04, 0x05, 0x06, 0x15
RESP = 0x80000000
THROTTLED, INVALID_DESTINATION, INVALID_PASSWORD = 0x58, 0x0B, 0x0E
TLV_RECEIPTED_ID, TLV_STATE = 0x001E, 0x0427
STATES = {"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}


@dataclass
class Submitted:
    """One submit_sm as it came."""

    id: str
    source: str
    destination: str
    esm_class: int
    data_coding: int
    validity: str
    data: bytes
    tlvs: dict[int, bytes]
    at: float

    @property
    def part(self) -> tuple[int, int, int, bytes]:
        """Reference, total, number, text octets."""
        data = self.data or self.tlvs.get(0x0424, b"")
        if self.esm_class & 0x40:
            length = data[0]
            head, rest = data[1 : 1 + length], data[1 + length :]
            if head[0] == 0:
                return head[2], head[3], head[4], rest
            assert head[:2] == b"\x08\x04"
            return struct.unpack("!H", head[2:4])[0], head[4], head[5], rest
        if 0x020C in self.tlvs:
            return struct.unpack("!H", self.tlvs[0x020C])[0], self.tlvs[0x020E][0], self.tlvs[0x020F][0], data
        return 0, 1, 1, data


@dataclass
class Behaviour:
    """What the server does out of the ordinary."""

    throttle: int = 0  # submit_sm that are refused with ESME_RTHROTTLED
    refuse: set[str] = field(default_factory=set)  # numbers that do not exist
    silent: set[str] = field(default_factory=set)  # numbers whose submit_sm gets no answer; they are taken
    hang_up: set[str] = field(default_factory=set)  # the connection breaks instead of an answer; they are taken
    answer_s: float = 0.0  # before each answer
    receipt: str = "text"  # "text", "tlv" or "none"
    receipt_s: float = 0.0
    receipt_first: bool = False  # before the answer to the submit_sm
    states: dict[str, str] = field(default_factory=dict)  # by number; DELIVRD otherwise
    hex_ids: bool = False  # answers name ids in hexadecimal, receipts in decimal


class Smsc:
    """Listens on `host`:`port` from the start of the `with` block."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, system_id: str = "pbx", password: str = "secret"):
        self.do = Behaviour()
        self.submitted: list[Submitted] = []
        self.binds = 0
        self.links = 0  # enquire_link
        self._identity = (system_id, password)
        self._count = 1000
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._writing: dict[socket.socket, threading.Lock] = defaultdict(threading.Lock)
        self._acks: dict[int, int] = {}
        self._acked = threading.Condition()
        self._sequence = 1_000_000
        self._stopping = False
        self._socket = socket.create_server((host, port))
        self.address = self._socket.getsockname()[:2]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Smsc:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.drop()
        for thread in self._threads:
            thread.join(5)

    @property
    def host(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    # -- what tests look at --------------------------------------------------------------------------------------

    def messages(self) -> list[tuple[str, str]]:
        """(number, text) of each complete message, its parts joined."""
        with self._lock:
            parts = list(self.submitted)
        found: dict[object, dict[int, Submitted]] = {}
        for index, each in enumerate(parts):
            reference, total, number, _data = each.part
            key = (each.destination, reference, total) if total > 1 else index
            found.setdefault(key, {})[number] = each
        out = []
        for pieces in found.values():
            first = next(iter(pieces.values()))
            if len(pieces) == first.part[1]:
                data = b"".join(pieces[number].part[3] for number in sorted(pieces))
                out.append((first.destination, decode(data, first.data_coding)))
        return out

    def wait_for(self, count: int, timeout_s: float = 30.0) -> list[tuple[str, str]]:
        """The messages, when there are `count` of them."""
        deadline = time.monotonic() + timeout_s
        while len(self.messages()) < count:
            assert time.monotonic() < deadline, self.messages()
            time.sleep(0.01)
        return self.messages()

    def write(self, number: str, to: str, text: str, *, parts: int = 1, coding: int = 0, wait_s: float = 5.0) -> int:
        """A customer writes; returns the status of the last acknowledgement."""
        data = text.encode("utf-16-be") if coding == 8 else find_codec_info("gsm0338").encode(text)[0]
        size = -(-len(data) // parts)
        status = 0
        for index in range(parts):
            piece = data[index * size : (index + 1) * size]
            udh = bytes([5, 0, 3, 77, parts, index + 1]) if parts > 1 else b""
            body = _message(number, to, 0x40 if udh else 0, coding, udh + piece)
            status = self._deliver(body, wait_s)
        return status

    def receipt(self, id_: str, number: str, state: str = "DELIVRD", wait_s: float = 5.0) -> int:
        """A receipt by hand."""
        return self._deliver(self._receipt_body(id_, number, "pbx", state), wait_s)

    def drop(self) -> None:
        """All connections break."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    # -- the protocol --------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.add(connection)
            self._begin(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while True:
                head = stream.read(16)
                if len(head) < 16:
                    return
                length, command, status, sequence = struct.unpack("!IIII", head)
                body = stream.read(length - 16)
                self._took(connection, command, status, sequence, body)
        except (OSError, ValueError):
            pass
        finally:
            self._connections.discard(connection)
            stream.close()
            connection.close()

    def _took(self, connection: socket.socket, command: int, status: int, sequence: int, body: bytes) -> None:
        if command == BIND_TRANSCEIVER:
            identity = tuple(part.decode() for part in body.split(b"\0")[:2])
            right = identity == self._identity
            self.binds += right
            self._send(connection, command | RESP, 0 if right else INVALID_PASSWORD, sequence, b"smsc\0")
        elif command == SUBMIT_SM:
            self._submit(connection, sequence, body)
        elif command == ENQUIRE_LINK:
            self.links += 1
            self._send(connection, command | RESP, 0, sequence)
        elif command == UNBIND:
            self._send(connection, command | RESP, 0, sequence)
            connection.shutdown(socket.SHUT_RDWR)
        elif command == DELIVER_SM | RESP:
            with self._acked:
                self._acks[sequence] = status
                self._acked.notify_all()

    def _submit(self, connection: socket.socket, sequence: int, body: bytes) -> None:
        got = _parse(body)
        if self.do.throttle > 0:
            self.do.throttle -= 1
            self._send(connection, SUBMIT_SM | RESP, THROTTLED, sequence)
            return
        if got.destination in self.do.refuse:
            self._send(connection, SUBMIT_SM | RESP, INVALID_DESTINATION, sequence)
            return
        with self._lock:
            self._count += 1
            got.id = f"{self._count:x}" if self.do.hex_ids else str(self._count)
            self.submitted.append(got)
        if self.do.receipt_first:
            self._begin(self._give_receipt, got)
            time.sleep(0.1)
        if got.destination in self.do.hang_up:
            connection.shutdown(socket.SHUT_RDWR)
        elif got.destination not in self.do.silent:
            if self.do.answer_s:
                self._begin(self._later, connection, sequence, got.id)
            else:
                self._send(connection, SUBMIT_SM | RESP, 0, sequence, got.id.encode() + b"\0")
        unanswered = got.destination in self.do.silent | self.do.hang_up
        if self.do.receipt != "none" and not self.do.receipt_first and not unanswered:
            self._begin(self._give_receipt, got)

    def _later(self, connection: socket.socket, sequence: int, id_: str) -> None:
        time.sleep(self.do.answer_s)
        with contextlib.suppress(OSError):  # whoever asked may be gone by now
            self._send(connection, SUBMIT_SM | RESP, 0, sequence, id_.encode() + b"\0")

    def _give_receipt(self, got: Submitted) -> None:
        time.sleep(self.do.receipt_s)
        id_ = str(int(got.id, 16)) if self.do.hex_ids else got.id
        state = self.do.states.get(got.destination, "DELIVRD")
        with contextlib.suppress(AssertionError):
            self._deliver(self._receipt_body(id_, got.destination, got.source, state), 10.0)

    def _receipt_body(self, id_: str, number: str, source: str, state: str) -> bytes:
        if self.do.receipt == "tlv":
            tlvs = struct.pack("!HH", TLV_RECEIPTED_ID, len(id_) + 1) + id_.encode() + b"\0"
            tlvs += struct.pack("!HHB", TLV_STATE, 1, STATES[state])
            return _message(number, source, 0x04, 0, b"") + tlvs
        done = time.strftime("%y%m%d%H%M")
        err = "000" if state == "DELIVRD" else "0A1"
        text = f"id:{id_} sub:001 dlvrd:001 submit date:{done} done date:{done} stat:{state} err:{err} Text:stat:X id:0"
        return _message(number, source, 0x04, 0, text.encode())

    def _deliver(self, body: bytes, wait_s: float) -> int:
        """Sends a deliver_sm to whoever is bound, and waits for the answer; once more when it says 'later'."""
        deadline = time.monotonic() + wait_s
        while True:
            with self._lock:
                self._sequence += 1
                sequence = self._sequence
            sent = False
            for connection in list(self._connections):
                with contextlib.suppress(OSError):
                    self._send(connection, DELIVER_SM, 0, sequence, body)
                    sent = True
                    break
            if sent:
                with self._acked:
                    self._acked.wait_for(lambda: sequence in self._acks, min(wait_s, 3.0))  # noqa: B023
                    status = self._acks.get(sequence)
                if status is not None and status != 0x64:
                    return status
            assert time.monotonic() < deadline, "nobody acknowledges a deliver_sm"
            time.sleep(0.05)

    def _send(self, connection: socket.socket, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        with self._writing[connection]:
            connection.sendall(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)

    def _begin(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def decode(data: bytes, coding: int) -> str:
    if coding == 8:
        return data.decode("utf-16-be")
    return str(find_codec_info("gsm0338").decode(data)[0])


def _message(source: str, destination: str, esm_class: int, coding: int, data: bytes) -> bytes:
    ton = 1 if source.lstrip("+").isdigit() else 5
    return b"".join(
        (
            b"\0",
            bytes([ton, 1]),
            source.lstrip("+").encode() + b"\0",
            bytes([1, 1]),
            destination.encode() + b"\0",
            bytes([esm_class, 0, 0]),
            b"\0\0",
            bytes([0, 0, coding, 0, len(data)]),
            data,
        )
    )


def _parse(body: bytes) -> Submitted:
    at = body.index(b"\0") + 1 + 2
    end = body.index(b"\0", at)
    source = body[at:end].decode()
    at = end + 1 + 2
    end = body.index(b"\0", at)
    destination = body[at:end].decode()
    esm_class = body[end + 1]
    at = body.index(b"\0", end + 4) + 1
    end = body.index(b"\0", at)
    validity = body[at:end].decode()
    data_coding, length = body[end + 3], body[end + 5]
    data = body[end + 6 : end + 6 + length]
    tlvs, rest = {}, body[end + 6 + length :]
    while rest:
        tag, size = struct.unpack("!HH", rest[:4])
        tlvs[tag] = rest[4 : 4 + size]
        rest = rest[4 + size :]
    return Submitted("", source, destination, esm_class, data_coding, validity, data, tlvs, time.monotonic())
