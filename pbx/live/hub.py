"""The one stream: marks what may have changed, looks at it a moment later, and tells each view what is different.

Without a client it listens to nothing and knows nothing. With clients a change costs an entry in a set; rows are looked
at, compared and encoded together, at most ten times a second, and the less often the more there are to be told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import orjson

from pbx.clock import Clock
from pbx.config_live import Live as Settings
from pbx.live.client import GOING_AWAY, REVOKED, SLOW, Client
from pbx.live.frames import Message
from pbx.live.ring import Change, Ring, change
from pbx.live.topics import Row, Source, Topic, View

log = logging.getLogger("centrala.live")
LEAST_DELAY_S = 0.1
PER_S = 500  # messages a second that are told to all clients together
LINGER_S = 30.0  # without a client, until all is forgotten: who comes back meanwhile has missed nothing
BEAT_S = 25.0  # a word to who has heard nothing for so long, so that a dead connection is found out
BEHIND_S = 30.0  # of a client that takes nothing


class TooMany(Exception):
    """There is no room for a further client; the text says so."""


class Hub:
    """All methods belong to the event loop's thread."""

    def __init__(self, settings: Settings, sources: Sequence[Source], clock: Clock) -> None:
        self.clients: set[Client] = set()
        self.told = 0  # messages to clients
        self.changes = 0
        self.snapshots = 0
        self.ended: dict[int, int] = {}  # by code
        self._settings = settings
        self._sources = {source.topic: source for source in sources}
        self._clock = clock
        self._views: dict[View, set[Client]] = {}
        self._state: dict[Topic, dict[str, Row]] = {}
        self._dirty: dict[Topic, set[str]] = {topic: set() for topic in self._sources}
        self._seq = 0
        self._ring = Ring(0)
        self._active = False
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._beat = 0.0

    # -- life ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends all connections, for the process stops."""
        for client in tuple(self.clients):
            self.end(client, GOING_AWAY)
        self._sleep()

    @property
    def seq(self) -> int:
        """Of the last change."""
        return self._seq

    # -- clients -------------------------------------------------------------------------------------------------

    def join(self, client: Client, since: int | None = None) -> None:
        """From now on it is told; first what it missed after `since`, or everything. Raises TooMany."""
        if len(self.clients) >= self._settings.max_clients:
            raise TooMany(f"{len(self.clients)} clients watch already (live.max_clients)")
        if sum(each.person == client.person for each in self.clients) >= self._settings.max_clients_per_person:
            raise TooMany("you watch too often already (live.max_clients_per_person)")
        self._wake()
        self._flush()  # so that all have the same state
        self.clients.add(client)
        self._views.setdefault(client.view, set()).add(client)
        if since is not None and self._ring.base <= since <= self._seq:
            parts = [part for missed in self._ring.after(since) if (part := _part(client.view, missed))]
            client.send(Message(parts, self._seq))
            self.told += 1
        else:
            self._send_snapshot(client)

    def leave(self, client: Client) -> None:
        """It is gone."""
        if client not in self.clients:
            return
        self.clients.discard(client)
        those = self._views.get(client.view)
        if those is not None:
            those.discard(client)
            if not those:
                del self._views[client.view]
        self._rest()

    def end(self, client: Client, code: int) -> None:
        """Closes a connection from our side."""
        self.ended[code] = self.ended.get(code, 0) + 1
        self.leave(client)
        client.end(code)

    def snapshot(self, view: View) -> bytes:
        """What a client of `view` gets first, as JSON."""
        self._wake()
        self._flush()
        self._rest()
        return self._snapshot(view).body

    # -- waking and sleeping -------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._active:
            return
        self._active = True
        # Numbers go on over a restart: nobody of before finds his own in this ring by accident.
        self._seq = max(self._seq + 1, int(self._clock.unix() * 1000))
        self._ring = Ring(self._seq)
        for topic, source in self._sources.items():
            source.begin(partial(self._mark, self._dirty[topic]))
            self._state[topic] = dict(source.rows())
        self._watch_later()

    def _rest(self) -> None:
        """Without a client all is forgotten, in a while."""
        if not self.clients and self._active:
            if self._linger is not None:
                self._linger.cancel()
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._sleep)

    def _sleep(self) -> None:
        if not self._active or self.clients:
            return
        self._active = False
        for handle in (self._timer, self._linger, self._watch):
            if handle is not None:
                handle.cancel()
        self._timer = self._linger = self._watch = None
        for topic, source in self._sources.items():
            source.end()
            self._dirty[topic].clear()
        self._state.clear()
        self._ring = Ring(self._seq + 1)

    # -- changes -------------------------------------------------------------------------------------------------

    def _mark(self, dirty: set[str], name: str) -> None:
        dirty.add(name)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            delay_s = min(max(LEAST_DELAY_S, len(self.clients) / PER_S), self._settings.max_delay_ms / 1000)
            self._timer = loop.call_at(max(loop.time() + LEAST_DELAY_S / 2, self._flushed + delay_s), self._flush)

    def _flush(self) -> None:
        """Looks at what was marked, and tells what is different."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._active:
            return
        self._flushed = asyncio.get_running_loop().time()
        changes: list[Change] = []
        for topic, names in self._dirty.items():
            if names:
                marked = tuple(names)
                names.clear()
                source, state = self._sources[topic], self._state[topic]
                for name in marked:
                    old = state.get(name)
                    try:
                        new = source.row(name)
                    except Exception:  # one row that cannot be made must not stop all others
                        log.exception("%s %s cannot be shown in the live stream", topic, name)
                        continue
                    if new == old:
                        continue
                    self._seq += 1
                    changes.append(change(self._seq, topic, name, old, new))
                    if new is None:
                        del state[name]
                    else:
                        state[name] = new
        if not changes:
            return
        self.changes += len(changes)
        for each in changes:
            self._ring.add(each)
        for view, clients in list(self._views.items()):
            parts = [part for each in changes if (part := _part(view, each))]
            if parts:
                self._tell(clients, Message(parts, self._seq))

    def _tell(self, clients: set[Client], message: Message) -> None:
        most, now = self._settings.max_buffer_kb * 1024, asyncio.get_running_loop().time()
        for client in tuple(clients):
            if client.behind_since:
                continue  # it gets a snapshot when it has caught up
            if client.waiting > most:
                client.behind_since = now
                continue
            client.send(message)
            self.told += 1

    def _snapshot(self, view: View) -> Message:
        parts = []
        for topic, rows in self._state.items():
            if topic in view.topics:
                seen = {name: row.value for name, row in rows.items() if view.sees(topic, row)}
                parts.append(orjson.dumps({"seq": self._seq, "topic": topic.value, "op": "snapshot", "value": seen}))
        return Message(parts, self._seq)

    def _send_snapshot(self, client: Client) -> None:
        client.behind_since = 0.0
        client.send(self._snapshot(client.view))
        self.snapshots += 1
        self.told += 1

    # -- watching ------------------------------------------------------------------------------------------------

    def _watch_later(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(self._settings.recheck_s, self._recheck)

    def _recheck(self) -> None:
        """Who may still see what he sees, who was too slow and has caught up, who has heard nothing for long."""
        self._watch_later()
        now = asyncio.get_running_loop().time()
        for client in tuple(self.clients):
            view = client.recheck()
            if view is None:
                self.end(client, REVOKED)
            elif view != client.view:
                self._move(client, view)
            elif client.behind_since and client.waiting < self._settings.max_buffer_kb * 256:
                self._flush()
                self._send_snapshot(client)
            elif client.behind_since and now - client.behind_since > BEHIND_S:
                self.end(client, SLOW)
        if now - self._beat > BEAT_S:
            self._beat = now
            if now - self._flushed > BEAT_S:
                self._tell(self.clients, Message([orjson.dumps({"seq": self._seq, "op": "beat"})], self._seq))

    def _move(self, client: Client, view: View) -> None:
        """What it may see has changed."""
        self._flush()
        self.leave(client)
        client.view = view
        self.clients.add(client)
        self._views.setdefault(view, set()).add(client)
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self._send_snapshot(client)


def _part(view: View, each: Change) -> bytes:
    """What a view is told of a change; nothing when it sees it neither before nor now."""
    if each.new is not None and view.sees(each.topic, each.new):
        return each.put
    if each.old is not None and view.sees(each.topic, each.old):
        return each.delete
    return b""
