"""Bytes to messages: datagrams whole, streams by Content-Length (RFC 3261 sections 7.5 and 18.3).

What is not a sound message raises SipParseError, and only that. Nothing here keeps more than one message of 64 KiB.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from core.sipscan import LIMITS, announced_length, head_length
from pbx.sip.message import Request, Response, SipParseError

MAX_MESSAGE: Final = LIMITS["message"]


class KeepAlive(Enum):
    """A ping of two CRLF on a stream, to be answered with one CRLF (RFC 5626 section 4.4.1)."""

    PING = "ping"


KEEPALIVE: Final = KeepAlive.PING


class StreamError(Exception):
    """The stream cannot be followed any further: answer `error` if it has a request, then close the connection.

    `messages`: what was complete before the fault and still has to be processed.
    """

    def __init__(self, error: SipParseError, messages: list[Request | Response | SipParseError | KeepAlive]) -> None:
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
    answerable = answerable and message.start_method != "ACK"
    error = SipParseError(status, reason, message if answerable and isinstance(message, Request) else None)
    error.framing_lost = message.framing_lost
    return error


def parse(data: bytes) -> Request | Response | None:
    """Reads one datagram. None for a keep-alive (nothing but CRLF). Raises SipParseError.

    Bytes behind the body that Content-Length announces are dropped; a body shorter than announced is an error.
    """
    if data.startswith((b"\r", b"\n")) or not data:
        data = data.lstrip(b"\r\n")
        if not data:
            return None
    return _message(data, False)


class StreamParser:
    """Cuts one connection's bytes into messages. `feed` may be called with any fragments."""

    __slots__ = ("_buffer", "_needed", "_searched")

    def __init__(self) -> None:
        self._buffer = b""
        self._searched = 0  # bytes of the buffer known to hold no end of headers
        self._needed = 0  # bytes the message at the start of the buffer has, 0 while unknown

    @property
    def pending(self) -> int:
        """Bytes of an unfinished message; a connection that keeps this above 0 for long is slow or hostile."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Request | Response | SipParseError | KeepAlive]:
        """Takes the next bytes and returns what they complete, in order.

        A message that is faulty but of known length comes back as a SipParseError (not raised): answer it and go on.
        Raises StreamError when the framing is lost or a limit is passed.
        """
        self._buffer = self._buffer + data if self._buffer else data
        done: list[Request | Response | SipParseError | KeepAlive] = []
        while self._buffer:
            if not self._needed and not self._measure(done):
                break
            if len(self._buffer) < self._needed:
                break
            message, self._buffer = self._buffer[: self._needed], self._buffer[self._needed :]
            self._needed = self._searched = 0
            try:
                done.append(_message(message, True))
            except SipParseError as error:
                if error.framing_lost:
                    raise self._lost(error, done) from None
                done.append(error)
        return done

    def _measure(self, done: list[Request | Response | SipParseError | KeepAlive]) -> bool:
        """Finds the length of the message at the start of the buffer; False when more bytes are needed."""
        buffer = self._buffer
        if buffer[0] in b"\r\n":
            start = 0
            while buffer.startswith(b"\r\n\r\n", start):
                done.append(KEEPALIVE)
                start += 4
            if buffer.startswith(b"\r\n", start) and len(buffer) > start + 2 and buffer[start + 2] != 13:
                start += 2
            self._buffer = buffer = buffer[start:]
            if not buffer or buffer in (b"\r", b"\r\n", b"\r\n\r"):
                return False
        length = head_length(buffer, self._searched)
        if length < 0:
            self._searched = len(buffer)
            if self._searched > MAX_MESSAGE:
                raise self._lost(SipParseError(513, "Message Too Large"), done)
            return False
        body = announced_length(buffer[:length])
        if body < 0 or length + body > MAX_MESSAGE:
            try:
                _message(buffer[:length], True)
                error = SipParseError(513, "Message Too Large")
            except SipParseError as fault:
                error = fault
            raise self._lost(error, done)
        self._needed = length + body
        return True

    def _lost(self, error: SipParseError, done: list[Request | Response | SipParseError | KeepAlive]) -> StreamError:
        self._buffer = b""
        self._needed = self._searched = 0
        return StreamError(error, done)
