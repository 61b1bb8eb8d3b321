"""A transaction layer alone in virtual time, and messages to feed it."""

from __future__ import annotations

from collections import deque

from pbx.sip.address import Destination
from pbx.sip.message import Request, Response
from pbx.sip.outputs import ClearTimer, Send, SetTimer, Terminated, ToUser
from pbx.sip.parser import parse
from pbx.sip.timers import TimerQueue, TimerValues
from pbx.sip.transaction_layer import TransactionLayer, server_key

UDP = Destination("udp", "127.0.0.2", 5060)
TCP = Destination("tcp", "127.0.0.2", 5060)


class Bench:
    """Executes the layer's outputs: what was sent is in `sent` as (time, bytes)."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queue = TimerQueue()
        self.out = deque()
        self.stray = []
        self.sent = []
        self.layer = TransactionLayer(
            TimerValues(), self.out, lambda response, destination: self.stray.append(response)
        )

    def pump(self):
        while self.out:
            output = self.out.popleft()
            if isinstance(output, Send):
                self.sent.append((round(self.now, 3), output.data))
            elif isinstance(output, SetTimer):
                self.queue.arm(output.owner, self.now + output.delay_s)
            elif isinstance(output, ClearTimer):
                self.queue.clear(output.owner)
            elif isinstance(output, ToUser):
                output.deliver(*output.arguments)
            elif isinstance(output, Terminated):
                output.transaction.forget()

    def run(self, seconds):
        end = self.now + seconds
        self.pump()
        while (due := self.queue.next_deadline()) is not None and due <= end:
            self.now = due
            while (owner := self.queue.pop_due(due)) is not None:
                owner.on_timer()
                self.pump()
        self.now = end

    def times(self, start=b""):
        """When messages that start with `start` were sent."""
        return [time for time, data in self.sent if data.startswith(start)]

    def open(self, request_: Request, source=UDP):
        return self.layer.open(request_, server_key(request_, request_.method), source)


class User:
    """A client transaction's user that writes down what it hears."""

    def __init__(self) -> None:
        self.heard = []

    def on_response(self, transaction, response):
        self.heard.append(response.status)

    def on_no_response(self, transaction, status):
        self.heard.append(f"none {status}")

    def on_ringing_limit(self, transaction):
        self.heard.append("ringing limit")

    def on_send_failed(self, transaction):
        self.heard.append("send failed")


def request(method="INVITE", branch="z9hG4bKa", cseq=1, via="127.0.0.1:5060;rport", extra="", size=0) -> Request:
    body = b"x" * size
    message = parse(
        (
            f"{method} sip:600@127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch={branch}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:101@127.0.0.1>;tag=f\r\nTo: <sip:600@127.0.0.2>\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:101@127.0.0.1:5060>\r\n{extra}Content-Length: {size}\r\n\r\n"
        ).encode()
        + body
    )
    assert isinstance(message, Request)
    return message


def answer(status, method="INVITE", branch="z9hG4bKa", to_tag="t", cseq=1) -> Response:
    message = parse(
        (
            f"SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch={branch}\r\n"
            f"From: <sip:101@127.0.0.1>;tag=f\r\nTo: <sip:600@127.0.0.2>;tag={to_tag}\r\nCall-ID: c\r\n"
            f"CSeq: {cseq} {method}\r\nContact: <sip:600@127.0.0.2:5060>\r\nContent-Length: 0\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Response)
    return message
