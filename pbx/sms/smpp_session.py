"""One SMPP connection: bound, kept alive, requests matched with their responses.

It does not connect again by itself and keeps nothing: who owns it decides (pbx.sms.smpp). Every request ends by its
response, by SessionLost when nobody can say what the server did with it, or by NotSent when it certainly saw nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable

from pbx.sms import smpp_pdu as pdu
from pbx.sms.smpp_pdu import Pdu, PduError

log = logging.getLogger("centrala.sms")

MAX_SEQUENCE = 0x7FFF_FFFF
HANDLED_AT_ONCE = 64  # deliver_sm that are being written; further ones wait in the socket


class SessionLost(Exception):
    """The connection ended, or the answer did not come in time: what was asked may have been done."""


class NotSent(Exception):
    """The server saw nothing of it."""


class BindRefused(Exception):
    """The server does not let us in; `status` is SMPP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server refused the bind with status 0x{status:08x}")
        self.status = status


Deliver = Callable[[pdu.ShortMessage], Awaitable[None]]


class SmppSession:
    """`deliver` is awaited before a deliver_sm is acknowledged; when it raises, the server is told to send it again."""

    def __init__(self, deliver: Deliver, *, timeout_s: float, enquire_link_s: float) -> None:
        self._deliver = deliver
        self._timeout_s = timeout_s
        self._enquire_link_s = enquire_link_s
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._handling = asyncio.Semaphore(HANDLED_AT_ONCE)
        self.ended = asyncio.Event()
        self.is_bound = False

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None, bind: bytes) -> None:
        """Connects and binds as a transceiver. Raises OSError, TimeoutError, SessionLost, BindRefused."""
        async with asyncio.timeout(self._timeout_s):
            self._reader, self._writer = await asyncio.open_connection(host, port, ssl=tls)
        self._begin(self._read())
        answer = await self.request(pdu.BIND_TRANSCEIVER, bind)
        if answer.status != pdu.OK:
            raise BindRefused(answer.status)
        self.is_bound = True
        self._begin(self._keep_alive())

    async def close(self) -> None:
        """Unbinds where that is possible, and ends the connection."""
        if self.is_bound and not self.ended.is_set():
            with contextlib.suppress(SessionLost, NotSent, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.request(pdu.UNBIND)
        self._end()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def request(self, command: int, body: bytes = b"") -> Pdu:
        """The response to a request. Raises NotSent, SessionLost."""
        writer = self._writer
        if writer is None or self.ended.is_set() or writer.is_closing():
            raise NotSent("the connection is closed")
        self._sequence = self._sequence % MAX_SEQUENCE + 1
        sequence = self._sequence
        waiting: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = waiting
        writer.write(Pdu(command, pdu.OK, sequence, body).encode())
        try:
            async with asyncio.timeout(self._timeout_s):
                return await waiting
        except TimeoutError:
            raise SessionLost(f"no answer within {self._timeout_s:g} s") from None
        finally:
            self._waiting.pop(sequence, None)

    # -- what comes in -------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        assert self._reader is not None
        reason = "the server closed the connection"
        try:
            while True:
                length, command, status, sequence = pdu.header(await self._reader.readexactly(pdu.HEADER))
                body = await self._reader.readexactly(length - pdu.HEADER)
                await self._took(Pdu(command, status, sequence, body))
        except (OSError, asyncio.IncompleteReadError):
            pass
        except PduError as error:
            reason = f"the server does not speak SMPP: {error}"
            log.warning("%s", reason)
        finally:
            self._end(reason)

    async def _took(self, got: Pdu) -> None:
        if got.command & pdu.RESPONSE:
            waiting = self._waiting.get(got.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(got)
        elif got.command in (pdu.DELIVER_SM, pdu.DATA_SM):
            await self._handling.acquire()
            self._begin(self._delivered(got))
        elif got.command == pdu.UNBIND:
            self._answer(got, pdu.OK)
            self._end("the server unbound")
        else:
            known = got.command == pdu.ENQUIRE_LINK
            self._answer(got, pdu.OK if known else pdu.INVALID_COMMAND, nack=not known)

    async def _delivered(self, got: Pdu) -> None:
        """A data_sm has another body and is refused: no server needs it for what we are here for."""
        status = pdu.INVALID_COMMAND
        try:
            if got.command == pdu.DELIVER_SM:
                status = pdu.TEMPORARY
                await self._deliver(pdu.short_message(got.body))
                status = pdu.OK
        except PduError as error:
            log.warning("a deliver_sm cannot be read and is dropped: %s", error)
            status = pdu.OK  # sent again it would not get better
        except Exception as error:
            log.error("a deliver_sm could not be kept; the gateway is asked to send it again: %s", error)
        finally:
            self._handling.release()
        self._answer(got, status, b"\0" if got.command == pdu.DELIVER_SM else b"")

    def _answer(self, request: Pdu, status: int, body: bytes = b"", *, nack: bool = False) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        command = pdu.GENERIC_NACK if nack else request.command | pdu.RESPONSE
        self._writer.write(Pdu(command, status, request.sequence, body).encode())

    # -- its life ------------------------------------------------------------------------------------------------

    async def _keep_alive(self) -> None:
        try:
            while not self.ended.is_set():
                await asyncio.sleep(self._enquire_link_s)
                await self.request(pdu.ENQUIRE_LINK)
        except (SessionLost, NotSent):
            self._end("the server answers no enquire_link")

    def _begin(self, step: Awaitable[None]) -> None:
        task = asyncio.ensure_future(step)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, reason: str = "closed") -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        self.is_bound = False
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(SessionLost(reason))
        if self._writer is not None:
            self._writer.close()
