"""Bytes to messages: datagrams whole, streams by Content-Length (RFC 3261 sections 7.5 and 18.3).

What is not a sound message raises SipParseError, and only that. Nothing here keeps more than one message of 64 KiB.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from core.sipscan import LIMITS, announced_length
from pbx.sip.message import Request, Response, SipParseError

MAX_MESSAGE: Final = LIMITS["message"]


class KeepAlive(Enum):
    """A ping of two CRLF on a stream, to be answered with one CRLF (RFC 5626 section 4.4.1)."""

    PING = "ping"


KEEPALIVE: Final = KeepAlive.PING
Fed = Request | Response | SipParseError | KeepAlive  # what a stream yields

# How an unfinished message may begin: anything else can never become SIP, so waiting for its end is pointless.
_START: Final = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]{1,64}(?: |\Z)|SIP/")


class StreamError(Exception):
    """The stream cannot be followed any further: answer `error` if it has a request, then close the connection.

    `messages`: what was complete before the fault and still has to be processed.
    """

    def __init__(self, error: SipParseError, messages: list[Fed]) -> None:
        super().__init__(str(error))
        self.error = error
        self.messages = messages


def _message(data: bytes, stream: bool) -> Request | Response:
    message: Request | Response
    message = Response(data, stream) if data.startswith(b"SIP/") else Request(data, stream)
    problem = message.problem
    if problem is not None:
        raise _refusal(message, *problem)
    return message


def _refusal(message: Request | Response, status: int, reason: str) -> SipParseError:
    """Never answered: responses, ACK (RFC 3261 section 17.1.1.3), and what has no Via to answer to."""
    answerable = message.data[:4].upper() != b"SIP/" and message.header("Via") is not None
    answerable = answerable and message.method != "ACK"
    error = SipParseError(status, reason, message if answerable and isinstance(message, Request) else None)
    error.framing_lost = message.framing_lost
    return error


def parse(data: bytes) -> Request | Response | None:
    """Reads one datagram. None for a keep-alive (nothing but CRLF). Raises SipParseError.

    Bytes behind the body that Content-Length announces are dropped; a body shorter than announced is an error.
    """
    if not data or data[0] == 13 or data[0] == 10:
        data = data.lstrip(b"\r\n")
        if not data:
            return None
    message: Request | Response
    message = Response(data) if data[:4] == b"SIP/" else Request(data)  # as `_message`: the way of every datagram
    problem = message.problem
    if problem is not None:
        raise _refusal(message, *problem)
    return message


class StreamParser:
    """Cuts one connection's bytes into messages. `feed` may be called with any fragments."""

    __slots__ = ("_buffer", "_needed", "_searched")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer known to hold no end of headers
        self._needed = 0  # bytes the message at the start of the buffer has, 0 while unknown

    @property
    def pending(self) -> int:
        """Bytes of an unfinished message; a connection that keeps this above 0 for long is slow or hostile."""
        return 0 if _is_part_of_ping(self._buffer) else len(self._buffer)

    def feed(self, data: bytes) -> list[Fed]:
        """Takes the next bytes and returns what they complete, in order.

        A message that is faulty but of known length comes back as a SipParseError (not raised): answer it and go on.
        Raises StreamError when the framing is lost or a limit is passed.
        """
        buffer = self._buffer
        buffer += data
        done: list[Fed] = []
        while buffer:
            if not self._needed and not self._measure(done):
                break
            if len(buffer) < self._needed:
                break
            message = bytes(memoryview(buffer)[: self._needed])
            del buffer[: self._needed]
            self._needed = self._searched = 0
            try:
                done.append(_message(message, True))
            except SipParseError as error:
                if error.framing_lost:
                    raise self._lost(error, done) from None
                done.append(error)
        return done

    def _measure(self, done: list[Fed]) -> bool:
        """Finds the length of the message at the start of the buffer; False when more bytes are needed."""
        buffer = self._buffer
        while buffer.startswith(b"\r"):
            if buffer.startswith(b"\r\n\r\n"):
                done.append(KEEPALIVE)
                del buffer[:4]
            elif _is_part_of_ping(buffer):
                return False
            elif buffer.startswith(b"\r\n"):  # an empty line between messages (RFC 3261 section 7.5)
                del buffer[:2]
            else:
                break
        if not buffer:
            return False
        if not self._searched and not _START.match(buffer):
            raise self._lost(SipParseError(400, "Not SIP"), done)
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            self._searched = len(buffer)
            if self._searched > MAX_MESSAGE:
                raise self._lost(SipParseError(513, "Message Too Large"), done)
            return False
        head = bytes(memoryview(buffer)[: end + 4])
        body = announced_length(head)
        if body < 0 or len(head) + body > MAX_MESSAGE:
            raise self._lost(_fault_of(head), done)
        self._needed = len(head) + body
        return True

    def _lost(self, error: SipParseError, done: list[Fed]) -> StreamError:
        self._buffer.clear()
        self._needed = self._searched = 0
        return StreamError(error, done)


def _is_part_of_ping(buffer: bytearray) -> bool:
    """Whether `buffer` is nothing but the beginning of two CRLF."""
    return len(buffer) < 4 and b"\r\n\r\n".startswith(buffer)


def _fault_of(head: bytes) -> SipParseError:
    """Why the length of a message with this head is unknown or too large."""
    if len(head) <= MAX_MESSAGE:
        try:
            _message(head, True)
        except SipParseError as error:
            if error.framing_lost:
                return error
            return SipParseError(413, "Request Entity Too Large", error.request)
    return SipParseError(513, "Message Too Large")
