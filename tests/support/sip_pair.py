"""User agents joined in memory, in virtual time: no socket, no sleep, every message and timer under the test's control.

    net = SipNetwork()
    alice = net.add("127.0.0.1", handler)      # a Peer: .ua is its UserAgent, .heard and .sent are what went by
    bob = net.add("127.0.0.2", other_handler)
    session = alice.invite(bob, body=SDP, observer=...)
    net.run(5.0)                                # five virtual seconds; or net.run_until_idle()

`net.link` decides about each datagram: it returns the delays (seconds) after which copies arrive, () loses it.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any

from pbx.sip.address import Destination
from pbx.sip.in_dialog import InDialogRequest
from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.outputs import ClearTimer, Send, SetTimer, Terminated, ToUser
from pbx.sip.parser import parse
from pbx.sip.session import InviteSession
from pbx.sip.timers import TimerQueue
from pbx.sip.user_agent import UserAgent
from pbx.transport.base import bracketed

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
Link = Callable[["Peer", "Peer", bytes], Sequence[float]]


def perfect(_from: Peer, _to: Peer, _data: bytes) -> Sequence[float]:
    """Every datagram arrives after 10 ms."""
    return (0.01,)


def lossy(seed: int, loss: float = 0.2, duplicate: float = 0.1, delay_s: tuple[float, float] = (0.005, 0.1)) -> Link:
    """Loses, doubles and reorders by chance."""
    chance = random.Random(seed)

    def link(_from: Peer, _to: Peer, _data: bytes) -> Sequence[float]:
        copies = 0 if chance.random() < loss else 2 if chance.random() < duplicate else 1
        return [chance.uniform(*delay_s) for _ in range(copies)]

    return link


def merciful(link: Link, most: int = 4) -> Link:
    """As `link`, but no message is lost more than `most` times: what tests say of the end holds without exception."""
    losses: Counter[bytes] = Counter()

    def kinder(sender: Peer, to: Peer, data: bytes) -> Sequence[float]:
        copies = link(sender, to, data)
        if not copies:
            losses[data] += 1
        return copies if copies or losses[data] <= most else (0.05,)

    return kinder


class Peer:
    """One user agent on the network, and a record of what it sent and heard."""

    def __init__(self, net: SipNetwork, host: str, handler: Any, transport: str, port: int) -> None:
        self.net = net
        self.host = host
        self.port = port
        self.transport = transport
        self.ua = UserAgent(handler, lambda _destination: (bracketed(host), port), host_name=bracketed(host))
        self.ua.random = random.Random(host)
        self.ua.wake = self.pump
        self.timers = TimerQueue()
        self.sent: list[bytes] = []
        self.heard: list[bytes] = []
        self.unreachable: set[str] = set()  # hosts to which sending fails at once
        self._pumping = False

    @property
    def address(self) -> Destination:
        return Destination(self.transport, self.host, self.port)

    def invite(self, other: Peer, *, body: bytes = SDP, observer: Any = None, **more: Any) -> InviteSession:
        """Calls the other peer; `more` goes to `UserAgent.invite`."""
        return self.ua.invite(
            uri=f"sip:600@{other.host}:{other.port}",
            destination=other.address,
            from_=f"<sip:101@{self.host}>",
            to=f"<sip:600@{other.host}>",
            body=body,
            observer=observer,
            **more,
        )

    def receive(self, data: bytes, source: Destination) -> None:
        self.heard.append(data)
        try:
            message = parse(data)
        except SipParseError:
            return
        if message is not None:
            self.ua.receive(message, source)
        self.pump()

    def pump(self) -> None:
        """Executes the user agent's outputs in order."""
        if self._pumping:
            return
        self._pumping = True
        try:
            out = self.ua.out
            while out:
                self._execute(out.popleft())
        finally:
            self._pumping = False

    def _execute(self, output: object) -> None:
        if isinstance(output, Send):
            if output.destination.host in self.unreachable:
                if output.owner is not None:
                    output.owner.on_send_failed()
                return
            self.sent.append(output.data)
            self.net.carry(self, output.destination, output.data)
        elif isinstance(output, SetTimer):
            self.timers.arm(output.owner, self.net.now + output.delay_s)
        elif isinstance(output, ClearTimer):
            self.timers.clear(output.owner)
        elif isinstance(output, ToUser):
            output.deliver(*output.arguments)
        elif isinstance(output, Terminated):
            output.transaction.forget()

    def is_clean(self) -> bool:
        """Whether nothing is left: no transaction, dialog, session or armed timer."""
        layer = self.ua.layer
        return not (
            layer.clients or layer.servers or layer.merged or self.ua.sessions or self.timers.armed or self.ua.out
        )

    def sent_lines(self) -> list[str]:
        """The start lines of everything sent, without the version: "INVITE", "180", ..."""
        return [summary(data) for data in self.sent]


class SipNetwork:
    """Virtual time and the links between peers."""

    def __init__(self, link: Link = perfect) -> None:
        self.now = 0.0
        self.link = link
        self.peers: dict[str, Peer] = {}
        self._order = itertools.count()
        self._in_flight: list[tuple[float, int, Peer, bytes, Destination]] = []

    def add(self, host: str, handler: Any = None, *, transport: str = "udp", port: int = 5060) -> Peer:
        peer = self.peers[host] = Peer(self, host, handler, transport, port)
        return peer

    def carry(self, sender: Peer, destination: Destination, data: bytes) -> None:
        receiver = self.peers.get(destination.host)
        if receiver is None:
            return
        source = Destination(destination.transport, sender.host, sender.port)
        for delay_s in self.link(sender, receiver, data):
            heappush(self._in_flight, (self.now + delay_s, next(self._order), receiver, data, source))

    def run(self, seconds: float) -> None:
        """Lets `seconds` of virtual time pass."""
        end = self.now + seconds
        while True:
            due = self._next()
            if due is None or due > end:
                break
            self._advance(due)
        self.now = end

    def run_until_idle(self, limit_s: float = 3600.0) -> None:
        """Lets time pass until nothing is under way or armed any more."""
        while (due := self._next()) is not None:
            if due > limit_s:
                raise AssertionError(f"something is still under way after {limit_s} s")
            self._advance(due)

    def _next(self) -> float | None:
        times = [deadline for peer in self.peers.values() if (deadline := peer.timers.next_deadline()) is not None]
        if self._in_flight:
            times.append(self._in_flight[0][0])
        return min(times, default=None)

    def _advance(self, now: float) -> None:
        self.now = max(self.now, now)
        while self._in_flight and self._in_flight[0][0] <= self.now:
            _, _, receiver, data, source = heappop(self._in_flight)
            receiver.receive(data, source)
        for peer in self.peers.values():
            while (owner := peer.timers.pop_due(self.now)) is not None:
                owner.on_timer()
                peer.pump()


def summary(data: bytes) -> str:
    """ "INVITE", "180 INVITE", "200 BYE": what a message is, in a word."""
    message = parse(data)
    if isinstance(message, Response):
        return f"{message.status} {message.cseq_method}"
    assert isinstance(message, Request)
    return message.method


class Recorder:
    """A SessionObserver and a UserAgentHandler in one that writes down what it is told, in order: `events`.

    `script(session, request)` is run for each incoming call; by default the call is answered with `SDP`.
    """

    def __init__(self, script: Callable[[InviteSession, Request], None] | None = None) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.sessions: list[InviteSession] = []
        self.requests: list[Any] = []
        self.script = script
        self.answer: bytes | None = None  # returned where an SDP answer is asked for
        self.handles: list[InDialogRequest] = []
        self.take_status = 202
        self.on_offer: Callable[[InviteSession, bytes], None] | None = None

    def names(self) -> list[str]:
        return [event[0] for event in self.events]

    def on_invite(self, session: InviteSession, request: Request, source: Destination) -> None:
        session.observer = self
        self.sessions.append(session)
        self.events.append(("invite", request.uri))
        if self.script is None:
            session.accept(SDP)
        else:
            self.script(session, request)

    def on_request(self, transaction: Any, request: Request, source: Destination) -> None:
        self.requests.append(transaction)
        self.events.append(("request", request.method))
        transaction.respond(200)

    def on_progress(
        self, session: InviteSession, status: int, reason: str, body: bytes, response: Response
    ) -> bytes | None:
        self.events.append(("progress", status))
        return self.answer if body else None

    def on_answer(self, session: InviteSession, body: bytes, response: Response) -> bytes | None:
        self.events.append(("answer", body))
        return self.answer

    def on_failure(self, session: InviteSession, status: int, reason: str, response: Response | None) -> None:
        self.events.append(("failure", status))

    def on_cancelled(self, session: InviteSession) -> None:
        self.events.append(("cancelled",))

    def on_established(self, session: InviteSession, body: bytes) -> None:
        self.events.append(("established", body))

    def on_reinvite(self, session: InviteSession, body: bytes) -> None:
        self.events.append(("reinvite", body))
        if self.on_offer is None:
            session.accept_reinvite(SDP)
        else:
            self.on_offer(session, body)

    def on_reinvite_answer(self, session: InviteSession, status: int, body: bytes) -> bytes | None:
        self.events.append(("reinvite answer", status, body))
        return self.answer

    def on_info(self, session: InviteSession, content_type: str, body: bytes) -> None:
        self.events.append(("info", content_type, body))

    def on_refer(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        self._take("refer", handle)

    def on_notify(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        self._take("notify", handle)

    def on_message(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        self._take("message", handle)

    def _take(self, name: str, handle: InDialogRequest) -> None:
        """Answers with `take_status`; 0 keeps the handle in `handles`."""
        self.events.append((name,))
        self.handles.append(handle)
        if self.take_status:
            handle.respond(self.take_status)

    def on_ended(self, session: InviteSession, reason: str) -> None:
        self.events.append(("ended", reason))
