"""Repeated POSTs (`Idempotency-Key`): what was done once is not done again, its answer is given again.

The key is on disk before the act, the answer after it. A process that dies in between leaves an act in doubt: the key
is then refused with 409, and whoever sent it looks for the outcome himself.
"""

from __future__ import annotations

import hashlib
import logging
import re

from starlette.types import Message, Receive, Scope, Send

from pbx.accounts.repeats import Kept, KeyStore, State, TooMany
from pbx.api.control import Refused
from pbx.store.errors import StoreError

log = logging.getLogger("centrala.api")
HEADER = "idempotency-key"
MAX_KEY = 128
MAX_STORED = 65_536  # bytes of an answer that is kept
FORM = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")


class MemoryKeys:
    """A KeyStore for tests and for a PBX without a database."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Kept] = {}

    async def begin(self, owner: str, key: str, fingerprint: str) -> Kept | None:
        found = self._kept.get((owner, key))
        if found is None:
            self._kept[owner, key] = Kept(fingerprint, "begun")
        return found

    async def finish(self, owner: str, key: str, kept: Kept) -> None:
        self._kept[owner, key] = kept

    async def release(self, owner: str, key: str) -> None:
        self._kept.pop((owner, key), None)


class Idempotency:
    """Runs each key of an owner once at a time."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._running: set[tuple[str, str]] = set()

    async def begin(self, owner: str, key: str, fingerprint: str) -> Kept | None:
        """What to answer instead of acting; None: act, then `end`. Refused 409 while the same key runs or when its
        outcome is unknown, 422 for another request under the same key.
        """
        if not FORM.fullmatch(key):
            raise Refused(422, f"Idempotency-Key is 1 to {MAX_KEY} visible ASCII characters")
        if (owner, key) in self._running:
            raise Refused(409, "a request with this Idempotency-Key is being done; ask again when it is")
        self._running.add((owner, key))
        try:
            kept = await self._store.begin(owner, key, fingerprint)
        except BaseException as error:
            self._running.discard((owner, key))
            if isinstance(error, TooMany):
                raise Refused(429, str(error)) from None
            raise
        if kept is None:
            return None
        self._running.discard((owner, key))
        if kept.fingerprint != fingerprint:
            raise Refused(422, "this Idempotency-Key was used for another request; choose a new one")
        if kept.state == "begun":
            text = "the PBX stopped while this was being done; look for its outcome, then use a new Idempotency-Key"
            raise Refused(409, text)
        if kept.state == "done_untold":
            raise Refused(409, "this was done; its answer was secret or too long to be kept")
        return kept

    async def end(self, owner: str, key: str, kept: Kept) -> None:
        """The act is over. A refusal has done nothing: its key is free again."""
        try:
            if 400 <= kept.status < 500 or kept.status == 503:
                await self._store.release(owner, key)
            else:
                await self._store.finish(owner, key, kept)
        except StoreError as error:  # the answer is out; the key stays in doubt, which is never wrong
            log.warning("the outcome of an Idempotency-Key could not be kept: %s", error)
        finally:
            self._running.discard((owner, key))


def fingerprint(scope: Scope, body: bytes) -> str:
    """The same for the same request."""
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


class Answer:
    """A `send` that remembers what it sent, and holds the end of it back until `finish`: whoever has the whole answer
    may repeat his request, and finds the key done.
    """

    def __init__(self, send: Send, is_secret: bool) -> None:
        self._send = send
        self.is_begun = False
        self.status = 500  # of an endpoint that was cut off before it said anything
        self.content_type = ""
        self._body = bytearray()
        self._is_untold = is_secret
        self._last: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun, self.status = True, message["status"]
            types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
            self.content_type = types[0].decode("latin-1") if types else ""
        elif message["type"] == "http.response.body" and not self._is_untold:
            self._body += message.get("body", b"")
            if len(self._body) > MAX_STORED:
                self._is_untold, self._body = True, bytearray()
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._last = message
            return
        await self._send(message)

    async def finish(self) -> None:
        """Sends the end."""
        if self._last is not None:
            await self._send(self._last)

    def kept(self, fingerprint: str) -> Kept:
        """What the store is to keep of it."""
        state: State = "done_untold" if self._is_untold else "done"
        return Kept(fingerprint, state, self.status, self.content_type, bytes(self._body))


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` first, then what comes (the client leaving)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
