"""Answers the control socket for prompts: lists what is spoken, gives its sound, takes recordings in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.prompt_routes import prompt_routes
from pbx.flow.loader import build
from pbx.flow.versions import VersionState
from pbx.language.samples import samples
from pbx.language.template import Template, TemplateError
from pbx.media.prompts import FAILURES, Prompts
from pbx.media.sound_cache import CacheError
from pbx.media.take_desk import MASTER, TakeDesk
from pbx.media.takes import Use
from pbx.metrics.prompts import PromptCollector, PromptsNow
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx
    from pbx.config_base import Language
    from pbx.flow.model import Flow


class PbxPromptControl:
    """Implements pbx.api.prompt_routes.PromptControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._desk = TakeDesk(app.prompts, app.clock.unix)

    async def prompts(self, flow: str, *, draft: bool = False) -> list[dict[str, Any]]:
        """What is spoken to every caller alike, or with `flow` all that it may say, counted values by example; with
        `draft` all that its draft would say."""
        if flow:
            found = await self._draft_of(flow) if draft else self._of(flow)
            return [self._row(**row) for row in variants(found, self._app.config.server.language)]
        prompts = self._app.prompts
        rows = [self._row(text=text, language=language, voice=voice) for text, language, voice in prompts.known]
        listed = {(row["language"], row["text"]) for row in rows}
        rows += [
            self._row(text=take.text, language=take.language)
            for take in prompts.takes.all()
            if (take.language, take.text) not in listed
        ]
        return rows

    async def _draft_of(self, name: str) -> Flow:
        publishing = self._app.publishing
        for row in await publishing.versions(name):
            if row.state is VersionState.DRAFT:
                flow, problems = build(await publishing.document(name, row.version), version=row.version)
                if problems:
                    raise Refused(422, "\n".join(map(str, problems)))
                return flow
        raise Refused(404, f"flow {name!r} has no draft; `centrala flow import FILE` makes one")

    def _of(self, name: str) -> Flow:
        flow = self._app.flows.flows.get(name)
        if flow is None:
            known = ", ".join(sorted(self._app.flows.flows)) or "none"
            raise Refused(404, f"there is no flow {name!r}; there is {known}")
        return flow

    def _row(self, *, text: str, language: str, voice: str = "", **more: Any) -> dict[str, Any]:
        take = self._app.prompts.takes.find(text, language)
        recording = {} if take is None else {**take.row(), "recorded_text": take.text}
        state = "rendered" if self._app.prompts.cached(text, language, voice) is not None else ""
        if take is not None:
            state = "recorded" if take.use == "always" else "recorded as fallback"
        return {**more, **recording, "text": text, "language": language, "voice": voice, "state": state}

    async def sound(self, text: str, language: str, voice: str, rate: int) -> bytes:
        """A WAV file of what a caller would hear. Refused 422 with the reason why there is none."""
        try:
            path = await self._app.prompts.file(text, language, voice, rate)
            return await asyncio.to_thread(path.read_bytes)
        except (*FAILURES, OSError) as error:
            raise Refused(422, str(error)) from None

    async def recording(self, text: str, language: str) -> bytes:
        """The master of a recording, a WAV file of 48 kHz at -19 LUFS."""
        prompts = self._app.prompts
        take = prompts.takes.find(text, language)
        if take is None:
            raise Refused(404, f"there is no recording of the {language!r} prompt {text[:60]!r}")
        try:
            return await asyncio.to_thread(take.file(prompts.takes_dir, MASTER).read_bytes)
        except OSError as error:
            raise Refused(422, f"{error}; upload it again") from None

    async def override(
        self, data: bytes, *, text: str, language: str, use: str, source: str, author: str
    ) -> dict[str, Any]:
        try:
            take = await self._desk.override(data, text, language, use=cast("Use", use), source=source, author=author)
        except (CacheError, StoreError) as error:
            raise Refused(507, str(error)) from None
        except FAILURES as error:
            raise Refused(422, str(error)) from None
        return take.row()

    async def remove(self, text: str, language: str) -> dict[str, Any]:
        try:
            take = await self._desk.remove(text, language)
        except StoreError as error:
            raise Refused(507, str(error)) from None
        if take is None:
            raise Refused(404, f"there is no recording of the {language!r} prompt {text[:60]!r}")
        return take.row()


async def start_prompts(app: Pbx) -> Prompts:
    """The sounds of `app`, with its recordings; the caller stops them. Raises CacheError, SpeechError."""
    prompts = Prompts(
        app.media,
        app.config.speech,
        cache_dir=app.data_dir / "speech",
        music_dir=app.config.media.music_dir,
        takes_dir=app.data_dir / "prompts",
    )
    await prompts.takes.attach(app.store.takes)
    try:
        await prompts.start()
    except BaseException:
        await prompts.stop()
        raise
    return prompts


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return prompt_routes(PbxPromptControl(app))


def collector(app: Pbx) -> PromptCollector:
    """For the metrics."""
    return PromptCollector(lambda: prompts_now(app))


def prompts_now(app: Pbx) -> PromptsNow:
    """The figures of a scrape."""
    prompts = app.prompts
    return PromptsNow(
        rendered=prompts.rendered,
        from_disk=prompts.from_disk,
        fallbacks=dict(prompts.fallbacks),
        restarts={name: worker.restarts for name, worker in prompts.speakers.workers.items()},
        failures={name: worker.failed for name, worker in prompts.speakers.workers.items()},
        recordings=len(prompts.takes.all()),
    )


def variants(flow: Flow, default: Language) -> list[dict[str, Any]]:
    """Every text of a flow in every language that it may speak, with one filling for each form of what is counted."""
    rows: list[dict[str, Any]] = []
    for name, block in flow.blocks.items():
        for key, text in block.texts().items():
            languages = flow.languages(default)
            by_language = dict.fromkeys(languages, text) if isinstance(text, str) else text
            for language, words in by_language.items():
                try:
                    found = samples(Template.parse(words), language)
                except TemplateError as error:
                    raise Refused(422, f"flow {flow.name!r}, block {name!r}, {key}: {error}") from None
                voice = flow.voice_of(name, language)
                rows += [
                    {"block": name, "key": key, "language": language, "text": spoken, "values": values, "voice": voice}
                    for values, spoken in found
                ]
    return rows
