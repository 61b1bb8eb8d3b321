"""The `live` step: clients of the live stream beside the calls, and a receiver of webhooks that may be down.

`{begin: true}` makes a token and opens a WebSocket and a stream of events, and subscribes a receiver that is not there;
`{same: true}` waits until both clients have what GET /live/state tells, row for row, and a reconnect with a gap too;
`{receiver: up}` lets the receiver be there, `{webhooks: [type, ...]}` waits for these events in this order, signed;
`{revoke: true}` takes the token away: both are closed within seconds.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pbx.webhooks.signature import verify

if TYPE_CHECKING:
    from harness.pbx import Pbx

PATH = "/api/v1/live"
RECEIVER = 7  # last octet of the receiver's address
PORT = 8085


class LiveFailed(Exception):
    """The text says what was expected and what came."""


class Follower:
    """Keeps the state that a client has after all that it was told; runs on a thread of its own."""

    def __init__(self, follow: Callable[[Follower], None]) -> None:
        self.state: dict[str, dict[str, Any]] = {}
        self.seq = 0
        self.messages = 0
        self.ended = ""
        self.stop: Callable[[], None] = lambda: None
        self.thread = threading.Thread(target=self._run, args=(follow,), daemon=True)
        self.thread.start()

    def _run(self, follow: Callable[[Follower], None]) -> None:
        try:
            follow(self)
        except (ConnectionClosed, OSError, http.client.HTTPException, ValueError) as error:
            self.ended = self.ended or repr(error)
        self.ended = self.ended or "end"

    def take(self, text: str) -> None:
        state = {topic: dict(rows) for topic, rows in self.state.items()}
        seq = self.seq
        for part in json.loads(text):
            seq = part["seq"]
            if part["op"] == "snapshot":
                state[part["topic"]] = part["value"]
            elif part["op"] == "put":
                state[part["topic"]][part["id"]] = part["value"]
            elif part["op"] == "delete":
                state[part["topic"]].pop(part["id"], None)
        self.state, self.seq = state, seq
        self.messages += 1


class Live:
    """Of one behaviour."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        made = pbx.control.request("POST", "/users", {"login": "live", "role": "supervisor"})
        answer = pbx.control.request("POST", "/tokens", {"name": "live", "user": made["id"]})
        self._user, self._token_id, self._token = made["id"], answer["id"], answer["token"]
        self._clients = [Follower(self._socket), Follower(self._events)]
        self._receiver: ThreadingHTTPServer | None = None
        self.got: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        url = f"http://{pbx.network.address(RECEIVER)}:{PORT}/hook"
        hook = pbx.control.request("POST", "/webhooks", {"url": url, "name": "crm", "events": ["call.*"]})
        self._hook, self._secret = hook["id"], hook["secret"]
        self._wait(lambda: all(client.messages for client in self._clients), "no snapshot came")

    def act(self, wanted: dict[str, Any], timeout_s: float) -> None:
        """Does one step. Raises LiveFailed."""
        if "same" in wanted:
            self._same(timeout_s)
        elif "receiver" in wanted:
            self._listen()
        elif "webhooks" in wanted:
            self._webhooks(list(wanted["webhooks"]), timeout_s)
        elif "revoke" in wanted:
            self._pbx.control.request("DELETE", f"/tokens/{self._token_id}")
            self._wait(
                lambda: all(client.ended for client in self._clients), "a client goes on without its right", 15.0
            )
            if "4001" not in self._clients[0].ended:
                raise LiveFailed(f"the WebSocket was closed by {self._clients[0].ended}")

    def close(self) -> None:
        """Ends everything that it began."""
        for client in self._clients:
            client.stop()
            client.thread.join(5)
        if self._receiver is not None:
            self._receiver.shutdown()
            self._receiver.server_close()
        self._pbx.control.request("DELETE", f"/webhooks/{self._hook}")
        self._pbx.control.request("DELETE", f"/users/{self._user}")

    # -- clients -------------------------------------------------------------------------------------------------

    def _socket(self, client: Follower) -> None:
        address = f"ws://{self._pbx.address}:8080{PATH}"
        with connect(address, additional_headers={"Authorization": f"Bearer {self._token}"}) as socket:
            client.stop = socket.close
            try:
                for text in socket:
                    client.take(str(text))
            except ConnectionClosed as closed:
                client.ended = repr(closed)
            client.ended = client.ended or f"closed with {socket.protocol.close_code}"

    def _events(self, client: Follower) -> None:
        connection = http.client.HTTPConnection(self._pbx.address, 8080, timeout=30)
        connection.request("GET", f"{PATH}/events", headers={"Authorization": f"Bearer {self._token}"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {answer.read()[:200]!r}")
        sock = connection.sock
        client.stop = lambda: sock.shutdown(2)
        for line in answer:
            if line.startswith(b"data: ["):
                client.take(line.removeprefix(b"data: ").decode())
            elif line.startswith(b"event: end"):
                break

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self._pbx.address, 8080, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise LiveFailed(f"GET {path}: {answer.status} {text[:300]!r}")
            return json.loads(text)
        finally:
            connection.close()

    def _same(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            before = self._clients[0].seq - 1
            parts = self._get(f"{PATH}/state")
            wanted = {part["topic"]: part["value"] for part in parts}
            running = {call["id"] for call in self._get("/api/v1/calls")["items"]}
            time.sleep(0.15)
            fits = [client.state == wanted for client in self._clients]
            if all(fits) and all(client.seq >= parts[0]["seq"] for client in self._clients):
                if running != set(wanted["calls"]):
                    raise LiveFailed(f"GET /calls tells {running}, the stream {set(wanted['calls'])}")
                self._again(before, timeout_s)
                return
            if time.monotonic() > deadline:
                raise LiveFailed(f"the clients have {[client.state for client in self._clients]}, GET tells {wanted}")

    def _again(self, since: int, timeout_s: float) -> None:
        """Somebody who was away since then gets what he missed: the same numbers as those who stayed."""
        address = f"ws://{self._pbx.address}:8080{PATH}?since={since}"
        with connect(address, additional_headers={"Authorization": f"Bearer {self._token}"}) as socket:
            missed = json.loads(socket.recv(timeout_s))
        if any(part["op"] == "snapshot" for part in missed) or [part["seq"] for part in missed if part["seq"] <= since]:
            raise LiveFailed(f"after a short gap came {missed}")

    # -- webhooks ------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        live = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not verify(self.headers["Centrala-Signature"], body, live._secret, time.time()):
                    live.wrong.append(self.headers["Centrala-Signature"])
                event = json.loads(body)
                live.got.append(event)
                # The first answer is a failure: it comes again, under the same id.
                self.send_response(500 if len(live.got) == 1 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._receiver = ThreadingHTTPServer((self._pbx.network.address(RECEIVER), PORT), Handler)
        threading.Thread(target=self._receiver.serve_forever, daemon=True).start()

    def _webhooks(self, types: list[str], timeout_s: float) -> None:
        def came() -> bool:
            return len({event["id"] for event in list(self.got)}) >= len(types)

        self._wait(came, f"of {types} came only {[event['type'] for event in self.got]}", timeout_s)
        found = list({event["id"]: event for event in self.got}.values())
        if [event["type"] for event in found] != types or self.wrong:
            raise LiveFailed(f"came {[event['type'] for event in found]}, wrong signatures: {self.wrong}")
        if len(self.got) == len(found):
            raise LiveFailed("what was refused once did not come again")
        if sorted(event["sequence"] for event in found) != list(range(1, len(found) + 1)):
            raise LiveFailed(f"numbers {[event['sequence'] for event in found]}")

    def _wait(self, condition: Callable[[], bool], text: str, timeout_s: float = 15.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise LiveFailed(f"{text}; {[client.ended for client in self._clients]}")
            time.sleep(0.02)
