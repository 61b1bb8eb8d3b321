"""One attempt at a delivery: asks the target, and says what follows for the entry."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from pbx.clock import Clock
from pbx.config_outbox import Outbox as Settings
from pbx.outbox.backoff import backoff, retry_after
from pbx.outbox.entry import MAX_EXCERPT, Entry, State
from pbx.outbox.ports import Undeliverable, Verdict
from pbx.outbox.target import Target
from pbx.web.client import Answer, Ask, Web, WebError

log = logging.getLogger("centrala.outbox")


class Attempts:
    """`web` makes the client when the first attempt needs one."""

    def __init__(self, settings: Settings, web: Callable[[], Web], clock: Clock, rng: random.Random) -> None:
        self._settings = settings
        self._make_web = web
        self._web: Web | None = None
        self._clock = clock
        self._rng = rng
        self._room = asyncio.Semaphore(settings.max_connections)

    async def close(self) -> None:
        """Closes the connections."""
        stop = getattr(self._web, "stop", None)
        if stop is not None:
            await stop()

    async def make(self, target: Target, entry: Entry) -> tuple[Verdict, bool]:
        """Tries `entry` and writes into it what it came to. Returns the verdict, and whether the target was down and
        is back.
        """
        began = self._clock.unix()
        asked_s, answer = 0.0, None
        try:
            answer = await self._ask(target, entry)
            verdict = target.deliverer.judge(entry, answer)
            entry.status, entry.excerpt = answer.status, _excerpt(answer)
            entry.error = "" if verdict is Verdict.OK else f"status {answer.status}"
            asked_s = retry_after(answer, self._clock.unix()) if verdict is Verdict.RETRY else 0.0
        except Undeliverable as error:
            verdict, entry.error = Verdict.DROP, str(error)[:MAX_EXCERPT]
        except WebError as error:
            verdict, entry.status, entry.excerpt = Verdict.RETRY, 0, ""
            entry.error = f"{error.reason}: {error}"[:MAX_EXCERPT]
        except Exception as error:  # a deliverer's mistake must not stop the others
            log.exception("a delivery to %s failed in an unexpected way", target.name)
            verdict, entry.error = Verdict.RETRY, f"internal: {error!r}"[:MAX_EXCERPT]
        now = self._clock.unix()
        entry.attempts += 1
        entry.took_ms = max(0, round((now - began) * 1000))
        back = self._judge(target, entry, verdict, began, now, asked_s)
        return verdict, back

    async def _ask(self, target: Target, entry: Entry) -> Answer:
        request = target.deliverer.request(entry)
        ask = Ask(
            request.method,
            request.url,
            request.headers,
            request.body,
            timeout_s=self._settings.timeout_s,
            excerpt=MAX_EXCERPT * 4,
        )
        async with self._room:
            if self._web is None:
                self._web = self._make_web()
            return await self._web.ask(ask)

    def _judge(self, target: Target, entry: Entry, verdict: Verdict, began: float, now: float, asked_s: float) -> bool:
        if verdict is Verdict.RETRY:
            asked_s = min(asked_s, target.max_age_s)
            target.failed(began, now, self._pause, asked_s)
            entry.due = now + max(self._pause(entry.attempts), asked_s)
            if entry.due < entry.queued + target.max_age_s:
                return False
            entry.error = f"too old; {entry.error}"[:MAX_EXCERPT]
            entry.state, entry.ended = State.DEAD, now
            return False
        entry.state = State.DELIVERED if verdict is Verdict.OK else State.DEAD
        entry.ended = now
        return target.answered()

    def _pause(self, attempts: int) -> float:
        return backoff(attempts, self._settings.retry_min_s, self._settings.retry_max_s, self._rng)


def _excerpt(answer: Answer) -> str:
    text = answer.body.decode("utf-8", "replace")[:MAX_EXCERPT]
    return "".join(mark if mark.isprintable() else " " for mark in text).strip()
