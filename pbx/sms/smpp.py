"""A gateway by SMPP 3.4: bound as a transceiver, bound again when the connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl

from pbx.clock import Clock
from pbx.config_sms import SmsGateway
from pbx.sms import smpp_pdu as pdu
from pbx.sms import smpp_text
from pbx.sms.gateway import Accepted, Doubt, Ears, NotTaken, Outcome, Receipt, Received, Rejected
from pbx.sms.message import Message
from pbx.sms.pace import Pace
from pbx.sms.reassembly import Reassembly
from pbx.sms.smpp_session import BindRefused, NotSent, SessionLost, SmppSession

log = logging.getLogger("centrala.sms")

PORT = 2775
RETRY_S = (1.0, 60.0)  # between two connections: the first wait, and the longest
BUSY = (pdu.THROTTLED, pdu.QUEUE_FULL)
AGAIN = (pdu.SYSTEM_ERROR, pdu.TEMPORARY, pdu.INVALID_BIND_STATUS)
PART_TRIES = 20  # of a further part, when the first ones are taken already


class SmppGateway:
    """See pbx.sms.gateway.Gateway. What is in doubt only a receipt can settle: SMPP finds a message by its id alone,
    and the id is what is missing.
    """

    def __init__(self, config: SmsGateway, clock: Clock, ears: Ears, reassembly: Reassembly) -> None:
        self.config = config
        self._clock = clock
        self._ears = ears
        self._reassembly = reassembly
        self._pace = Pace(config.per_second)
        self._session: SmppSession | None = None
        self._window = asyncio.Semaphore(config.window)
        self._task: asyncio.Task[None] | None = None
        host, _, port = config.host.rpartition(":")
        self._host, self._port = (host.strip("[]"), int(port)) if host else (config.host, PORT)

    @property
    def is_up(self) -> bool:
        return self._session is not None and self._session.is_bound

    @property
    def room(self) -> int:
        return self.config.window

    @property
    def throttled(self) -> int:
        return self._pace.throttled

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._stay_bound())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- messages ------------------------------------------------------------------------------------------------

    async def submit(self, message: Message) -> Outcome:
        """Part by part: a further part is asked for again while the server is busy, as the first ones are on their way
        already.
        """
        bodies = smpp_text.submits(message, self.config, message.sender or self.config.sender, self._clock.unix())
        ids: list[str] = []
        for body in bodies:
            outcome = await self._part(body, first=not ids)
            if not isinstance(outcome, Accepted):
                return outcome
            ids += outcome.ids
        return Accepted(ids)

    async def find(self, message: Message) -> Outcome | None:  # noqa: ARG002 - see the class
        return None

    async def _part(self, body: pdu.ShortMessage, *, first: bool) -> Outcome:
        for _ in range(1 if first else PART_TRIES):
            outcome = await self._once(body)
            if not isinstance(outcome, NotTaken) or not self.is_up:
                break
            if not first:
                await asyncio.sleep(outcome.wait_s)
        if isinstance(outcome, NotTaken) and not first:
            return Doubt(f"incomplete: {outcome.reason}")
        return outcome

    async def _once(self, body: pdu.ShortMessage) -> Outcome:
        await self._pace.turn()
        async with self._window:
            session = self._session
            if session is None or not session.is_bound:
                return NotTaken("not_bound")
            try:
                answer = await session.request(pdu.SUBMIT_SM, body.encode())
            except NotSent:
                return NotTaken("not_bound")
            except SessionLost as error:
                return Doubt(str(error))
        return self._judge(answer)

    def _judge(self, answer: pdu.Pdu) -> Outcome:
        if answer.status == pdu.OK and answer.command == pdu.SUBMIT_SM | pdu.RESPONSE:
            self._pace.went_well()
            try:
                return Accepted([pdu.message_id(answer.body)])
            except pdu.PduError:
                return Accepted([])
        word = f"smpp_0x{answer.status:08x}"
        if answer.status in BUSY:
            return NotTaken("throttled", self._pace.throttle())
        if answer.status in AGAIN or answer.command == pdu.GENERIC_NACK:
            return NotTaken(word, down=False)
        return Rejected(word)

    # -- the connection ------------------------------------------------------------------------------------------

    async def _stay_bound(self) -> None:
        wait_s, told = RETRY_S[0], False
        while True:
            session = SmppSession(
                self._heard, timeout_s=self.config.timeout_s, enquire_link_s=self.config.enquire_link_s
            )
            try:
                await self._bind(session)
                wait_s, told = RETRY_S[0], False
                self._ears.on_state(self.config.name, True, f"gateway {self.config.name} is bound")
                await session.ended.wait()
                reason = "the connection ended"
            except (OSError, UnicodeError, SessionLost, NotSent, BindRefused) as error:  # UnicodeError: a host's name
                reason = str(error) or type(error).__name__
            finally:
                self._session = None
                with contextlib.suppress(asyncio.CancelledError):
                    await session.close()
            if not told:
                remedy = "see whether host, system_id and password of the gateway are right"
                text = f"gateway {self.config.name} at {self.config.host} takes no messages: {reason}; {remedy}"
                self._ears.on_state(self.config.name, False, text)
                told = True
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))
            wait_s = min(wait_s * 2.0, RETRY_S[1])

    async def _bind(self, session: SmppSession) -> None:
        config = self.config
        tls = ssl.create_default_context() if config.tls else None
        await session.open(self._host, self._port, tls, pdu.bind(config.system_id, config.password, config.system_type))
        self._session = session

    # -- what comes in -------------------------------------------------------------------------------------------

    async def _heard(self, body: pdu.ShortMessage) -> None:
        name = self.config.name
        number = smpp_text.number_of(body.source_ton, body.source)
        if body.is_receipt:
            told = smpp_text.receipt(body)
            state = smpp_text.STATES.get(told.stat, "")
            reason = "_".join(word for word in (told.stat.lower(), told.error) if word) if state == "failed" else ""
            if state:
                await self._ears.on_receipt(Receipt(name, told.id, state, reason, number=number))
            return
        whole = await self._reassembly.add(name, number, body.destination, smpp_text.pieces(body))
        if whole is not None:
            text = smpp_text.decode(whole.data, whole.coding)
            to = smpp_text.number_of(body.destination_ton, body.destination)
            await self._ears.on_received(Received(name, "", number, to, text))
            await self._reassembly.done(whole)
