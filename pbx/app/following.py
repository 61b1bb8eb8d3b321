"""How the process itself follows changes of the configuration: metrics, and prompts that are spoken beforehand."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pbx.callback import texts as callback_texts
from pbx.config import Config
from pbx.features.checks import check_music
from pbx.queue.codes import texts as code_texts
from pbx.queue.phrases import texts_to_preload
from pbx.queue.wrapup import TIMEOUT_CODE

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx
    from pbx.configfile.change import ConfigChange, Prepare
    from pbx.metrics.agents import AgentMetrics

log = logging.getLogger("centrala.settings")
SPEAKING = ("queue", "break_reason", "voicemail", "announcement", "screening", "callback")


def follow_changes(app: Pbx) -> None:
    """Once, when the call layer and the metrics are built, and the features are not."""
    followers = app.calls.services.followers
    followers.before(_prepare(app))
    events = app.metrics.events
    followers.rebuild(
        lambda config: events.configure(thresholds(config), [trunk.name for trunk in config.trunk]), "queue", "trunk"
    )


def follow_agents(app: Pbx, metrics: AgentMetrics) -> AgentMetrics:
    """The codes of wrap-ups, now and when queues change."""
    metrics.configure(_codes(app.config))
    app.calls.services.followers.rebuild(lambda config: metrics.configure(_codes(config)), "queue")
    return metrics


def thresholds(config: Config) -> dict[str, tuple[float, float]]:
    """Service level and short abandons of each queue, in seconds."""
    return {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in config.queue}


def _codes(config: Config) -> list[tuple[str, str]]:
    return [(queue.name, code) for queue in config.queue for code in (*queue.wrapup_codes, TIMEOUT_CODE)]


def _prepare(app: Pbx) -> Prepare:
    async def prepare(change: ConfigChange) -> None:
        """Music that is named must be there, and what is new is spoken before somebody has to wait for it."""
        check_music(change.new, app.prompts.music_names)
        if change.touches(*SPEAKING):
            for problem in await app.prompts.preload(await asyncio.to_thread(_newly_spoken, change)):
                log.error("a prompt cannot be spoken: %s", problem)

    return prepare


def _newly_spoken(change: ConfigChange) -> list[tuple[str, str]]:
    known = set(spoken(change.old))
    return [text for text in spoken(change.new) if text not in known]


def spoken(config: Config) -> list[tuple[str, str]]:
    """(text, language) of what a configuration makes callers and agents hear."""
    language = config.server.language
    languages = sorted({language, *(flow.language for flow in config.flow if flow.language)})
    found: list[tuple[str, str]] = [
        (text, each) for each in languages for queue in config.queue for text in texts_to_preload(queue, each)
    ]
    found += code_texts(language, config.break_reason)
    found += callback_texts.spoken(config)
    kept = [text for box in config.voicemail for text in (box.greeting, box.closed_greeting)]
    kept += [*(entry.text for entry in config.announcement), config.screening.announcement]
    return list(dict.fromkeys([*found, *((words, each) for text in kept for each, words in text.items())]))
