"""Executes what the user agent wants done: sends, arms one loop timer for all its timers, hands in what arrives."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from core.outputs import Pump
from pbx.config import Sip, Tls
from pbx.sip.address import Destination, Flow, live
from pbx.sip.extensions import Extensions
from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.observer import UserAgentHandler
from pbx.sip.outputs import Send, ToUser
from pbx.sip.parser import parse
from pbx.sip.timers import TimerQueue
from pbx.sip.user_agent import UserAgent
from pbx.transport.admission import Admission
from pbx.transport.base import ListenAddress, ListenError, TransportStats, parse_listen
from pbx.transport.connections import Connections
from pbx.transport.gate import Gate
from pbx.transport.local import LocalAddresses
from pbx.transport.loop_lag import LoopLag
from pbx.transport.stream import StreamHost
from pbx.transport.stun_keepalive import answer as stun_answer
from pbx.transport.tcp import StreamTransport
from pbx.transport.tls import CertificateError, Certificates
from pbx.transport.turns import Turns
from pbx.transport.udp import UdpFlow, open_udp
from pbx.transport.websocket import WebSocketTransport

log = logging.getLogger("centrala.transport")

TIMER_STEP_S = 0.01  # timers due within this are served together: one wake-up costs more than a hundred of them
NEVER = float("inf")


class Driver:
    """The only I/O of signalling. `user_agent` is what the call layer talks to.

    driver = Driver(config.sip)
    driver.user_agent.handler = calls
    await driver.start()          # raises ListenError, with the remedy
    ...
    driver.drain()                # new calls get 503; running ones go on
    await driver.stop()
    """

    def __init__(self, config: Sip, handler: UserAgentHandler | None = None, tls: Tls | None = None) -> None:
        self._config = config
        self.stats = TransportStats()
        self.certificates = Certificates(tls if tls is not None else Tls())
        self.on_unreachable: Callable[[Destination], None] = lambda _: None  # no connection to it could be made
        self.on_way_lost: Callable[[Destination], None] = lambda _: None  # a connection of ours ended
        self.more_peers: Callable[[], Iterable[Destination]] = tuple  # whose connections are not idle, besides calls'
        self.on_flow_lost: Callable[[Flow], None] = lambda _: None  # a connection that carried a registration ended
        self.loop_lag = LoopLag()
        self.local = LocalAddresses(config.advertise)
        self.admission = Admission(
            config.max_calls,
            config.max_calls_per_s,
            now=time.monotonic,
            active_calls=lambda: len(self.user_agent.sessions),
            loop_lag_s=lambda: self.loop_lag.lasting_s,
            backlog_s=self._backlog_s,
        )
        self.user_agent = UserAgent(
            handler,
            self.local.towards,
            t1_s=config.t1_ms / 1000,
            host_name=config.domain,
            admit=self.admission,
            refund=self.admission.refund,
            extensions=Extensions(config.prack, config.session_timers, config.session_expires_s, config.min_se_s),
        )
        self.gate = Gate()
        self.timers = TimerQueue()
        # Executes all outputs in order; does nothing before the start, and when called from within itself.
        self.pump = Pump(
            self.user_agent.out,
            self.timers,
            self.stats.by_name,
            self._send,
            self.user_agent.listener_failed,
            self._wake_up,
        )
        self.user_agent.wake = self.pump
        self.timer_errors = 0  # bugs: each is in the log
        self.listening: list[ListenAddress] = []
        self._udp: list[UdpFlow] = []
        self._streams: dict[str, StreamTransport] = {}
        self._websockets: dict[str, WebSocketTransport] = {}
        self._connections: Connections | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake_handle: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listens on every address of the configuration. Raises ListenError, and then nothing is left open."""
        self._loop = loop = asyncio.get_running_loop()
        self.pump.clock = loop.time
        self._open_transports(loop)
        try:
            for text in self._config.listen:
                await self._listen(parse_listen(text))
        except ListenError:
            await self.stop()
            raise
        if not self.listening:
            raise ListenError('sip.listen is empty: give at least one address, such as "udp:0.0.0.0:5060"')
        self.loop_lag.start(loop)
        self.pump()

    def _open_transports(self, loop: asyncio.AbstractEventLoop) -> None:
        config, turns = self._config, Turns(loop)
        self._connections = connections = Connections(
            loop,
            self.stats,
            self._peers_in_use,
            per_source=config.max_connections_per_source,
            total=config.max_connections,
        )
        connections.on_lost = self._lost
        connections.on_way_lost = self._way_lost
        connections.shuts_out = self._shuts_out
        connections.start()
        for name in ("tcp", "tls"):
            host = StreamHost(name, connections, turns, self._on_stream_message, self.stats.of(name))
            self._streams[name] = StreamTransport(host, loop, self.certificates)
            self._streams[name].on_failure = self._unreachable
        for name in ("ws", "wss"):
            self._websockets[name] = WebSocketTransport(
                name, connections, turns, self._on_stream_message, self.stats.of(name)
            )

    def _shuts_out(self, host: str) -> bool:
        return bool(self.gate.banned) and self.gate.shuts_out(host, 0)

    def families(self) -> tuple[bool, bool]:
        """Whether we can send (IPv4, IPv6): what is not listened on nobody could answer."""
        hosts = [address.host for address in self.listening]
        return any(":" not in host for host in hosts), any(":" in host for host in hosts)

    def websocket(self, scheme: str) -> WebSocketTransport:
        """The transport that the HTTP server hands connections of "ws" or "wss" to, once started."""
        return self._websockets[scheme]

    def _unreachable(self, destination: Destination) -> None:
        self.on_unreachable(destination)
        self.pump()

    def _way_lost(self, destination: Destination) -> None:
        if self.listening:  # it is not us who stop
            self.on_way_lost(destination)
            self.pump()

    def _lost(self, flow: Flow) -> None:
        if self.listening:
            self.on_flow_lost(flow)
            self.pump()

    async def stop(self) -> None:
        """Closes every socket; what was armed is forgotten."""
        self.loop_lag.stop()
        if self._wake_handle is not None:
            self._wake_handle.cancel()
            self._wake_handle = None
        for flow in self._udp:
            flow.close()
        self._udp.clear()
        for transport in self._streams.values():
            transport.stop_listening()
        self.listening.clear()
        if self._connections is not None:
            self._connections.close()

    def drain(self) -> None:
        """From now on new calls are refused with 503; running ones are not touched."""
        self.admission.draining = True

    @property
    def connections(self) -> int:
        """How many are open, of all transports."""
        return len(self._connections) if self._connections is not None else 0

    def connections_of(self, transport: str) -> int:
        """How many are open."""
        return self._connections.count(transport) if self._connections is not None else 0

    # Sending

    def flush(self) -> None:
        """What waits for the end of the turn goes out now: somebody waits for it who comes before all else."""
        for udp in self._udp:
            udp.flush()

    def _send(self, output: Send) -> None:
        """What no open flow leads to."""
        data, destination = output.data, output.destination
        stats = self.stats.of(destination.transport)
        stats.sent += 1
        stats.sent_bytes += len(data)
        flow = destination.flow
        if flow is not None and flow.closed:
            flow = live(flow)
        if flow is not None:
            flow.send(data, (destination.host, destination.port))
        elif destination.transport == "udp":
            udp = self._udp_towards(destination.host)
            if udp is not None:
                udp.send(data, (destination.host, destination.port))
            else:
                self._fail(output)
        elif destination.transport in self._streams and destination.port:
            self._streams[destination.transport].send(data, destination, output.owner)
        else:  # a WebSocket that is gone: nobody but its browser can open it again
            self._fail(output)

    def _fail(self, output: Send) -> None:
        self.stats.of(output.destination.transport).send_errors += 1
        if output.owner is not None:
            self.user_agent.out.append(ToUser(output.owner.on_send_failed))

    def _udp_towards(self, host: str) -> UdpFlow | None:
        if len(self._udp) == 1:
            return self._udp[0] if self._udp[0].reaches(host) else None
        index = self.local.socket_towards(host)
        return self._udp[index] if index is not None else None

    # Receiving

    def _on_datagram(self, data: bytes, source: Destination) -> None:
        if self.gate.banned and self.gate.shuts_out(source.host, source.port):
            return
        stats = self.stats.udp
        stats.received += 1
        stats.received_bytes += len(data)
        try:
            message = parse(data)
            if message is None:
                stats.keepalives += 1
                return
            self.user_agent.receive(message, source)
        except SipParseError as error:
            if data[0] > 3 or not self._answer_stun(data, source):
                self._refuse(error, source)
        except Exception:
            self._failed_on(source)
        self.pump()

    def _answer_stun(self, data: bytes, source: Destination) -> bool:
        """Whether it was a keep-alive of another kind than CRLF."""
        reply = stun_answer(data, source.host, source.port)
        if reply is None or source.flow is None:
            return False
        self.stats.udp.keepalives += 1
        source.flow.send(reply, (source.host, source.port))
        return True

    def _on_stream_message(self, message: Request | Response | SipParseError, flow: Flow) -> None:
        host, port = flow.remote or ("", 0)
        if self.gate.banned and self.gate.shuts_out(host, port):
            flow.close()
            return
        stats = self.stats.of(flow.transport)
        stats.received += 1
        source = Destination(flow.transport, host, port, flow)
        if isinstance(message, SipParseError):
            self._refuse(message, source)
        else:
            stats.received_bytes += len(message.data)
            self._receive(message, source)

    def _receive(self, message: Request | Response, source: Destination) -> None:
        try:
            self.user_agent.receive(message, source)
        except SipParseError as error:
            self._refuse(error, source)
        except Exception:
            self._failed_on(source)
        self.pump()

    def _failed_on(self, source: Destination) -> None:
        """Within the handling of an exception: one message must not cost the others anything."""
        self.stats.of(source.transport).unexpected_errors += 1
        log.exception("a message from %s:%d could not be handled", source.host, source.port)

    def _refuse(self, error: SipParseError, source: Destination) -> None:
        self.stats.of(source.transport).parse_errors += 1
        self.gate.on_garbage(source)
        if error.request is not None:
            self.user_agent.refuse(error.request, source, error.status, error.reason)
            self.pump()

    # Time

    def _wake_up(self, at: float) -> None:
        assert self._loop is not None
        if self._wake_handle is not None:
            self._wake_handle.cancel()
        self.pump.wake_at = at
        self._wake_handle = self._loop.call_at(at, self._on_time)

    def _on_time(self) -> None:
        assert self._loop is not None
        self._wake_handle = None
        self.pump.wake_at = NEVER
        now = self._loop.time()
        pop_due = self.timers.pop_due
        while (owner := pop_due(now)) is not None:
            try:
                owner.on_timer()
            except Exception:
                self.timer_errors += 1
                log.exception("a timer failed")
        self.pump()
        following = self.timers.next_deadline()
        if following is not None and following < self.pump.wake_at:
            self._wake_up(max(following, now + TIMER_STEP_S))

    # Listening

    async def _listen(self, address: ListenAddress) -> None:
        assert self._loop is not None
        if address.transport == "udp":
            flow = open_udp(address, self._loop, self._on_datagram, self.stats.udp)
            self._udp.append(flow)
            address = address._replace(port=flow.local[1])
        else:
            if address.transport == "tls":
                self._load_certificates(address)
            address = await self._streams[address.transport].listen(address)
        self.local.add(address)
        self.listening.append(address)

    def _load_certificates(self, address: ListenAddress) -> None:
        try:
            self.certificates.load()
            self.certificates.server_context()
        except CertificateError as error:
            raise ListenError(f"cannot listen on {address}: {error}") from None

    def _peers_in_use(self) -> Iterable[Destination]:
        """The far ends that calls go on with, and those that somebody else needs to keep."""
        yield from self.more_peers()
        for session in self.user_agent.sessions.values():
            yield session.source
            if session.dialog is not None:
                yield session.dialog.peer

    def _backlog_s(self) -> float:
        """How long the next datagram has been waiting."""
        if len(self._udp) == 1:
            return self._udp[0].delay_s
        return max((flow.delay_s for flow in self._udp), default=0.0)
