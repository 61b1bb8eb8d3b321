"""What was said in messages becomes text: soon, later while the recognizer is away, and never in a call's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from pbx.config import Config
from pbx.configfile.check_voicemail import check_voicemail
from pbx.events import Kind
from pbx.voicemail.checks import check_recognizer
from pbx.voicemail.transcribing import GIVE_UP_S
from pbx.web.client import Answer, Ask, WebError
from pbx.web.hosts import Hosts
from tests.pbx.voicemail.office import Messages, Office

URL = "https://stt.example/v1/audio/transcriptions"
BOXES = [{"name": "101", "extension": "101", "transcribe": True}, {"name": "102", "extension": "102"}]


class Ears:
    """A recognizer behind HTTP; `answers` are (status, body) or an exception, the last one again and again."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        self.hosts = Hosts(["stt.example"])
        self.answers = list(answers)
        self.asks: list[Ask] = []

    async def ask(self, ask: Ask) -> Answer:
        self.asks.append(ask)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def office(folder: Path, ears: Ears, messages: Messages | None = None) -> Office:
    speech = {"recognizer": {"url": URL, "token": "secret", "model": "small"}}

    class Listening(Office):
        @property
        def services(self) -> Any:
            return self._services

        @services.setter
        def services(self, services: Any) -> None:
            services.extra["web"] = ears
            self._services = services

    return Listening(folder, messages=messages, voicemail=BOXES, speech=speech)


def told(world: Office, kind: Kind) -> list[dict[str, Any]]:
    return [event.data for event in world.events if event.kind is kind]


async def until(world: Office, done: Callable[[], object], seconds: float = 30.0) -> None:
    for _ in range(int(seconds * 10)):
        if done():
            return
        await world.sleep(0.1)
    raise AssertionError("it did not come")


def text_of(world: Office) -> str:
    (message,) = world.messages.rows.values()
    return message.transcript


async def test_a_message_gets_its_text(tmp_path: Path) -> None:
    ears = Ears((200, {"text": "  Proszę   oddzwonić\n jutro. "}))
    world = office(tmp_path, ears)
    await world.message(seconds=2)
    await until(world, lambda: text_of(world))
    assert text_of(world) == "Proszę oddzwonić jutro."
    (ask,) = ears.asks
    assert (ask.method, ask.url, ask.headers["authorization"]) == ("POST", URL, "Bearer secret")
    head = f"Content-Type: {ask.headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + ask.body).get_payload()
    fields = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}
    assert (fields["model"], fields["language"], fields["response_format"]) == (b"small", b"en", b"json")
    assert fields["file"][:4] == b"RIFF"
    assert len(fields["file"]) > 16_000 * 2
    (event,) = told(world, Kind.VOICEMAIL_TRANSCRIBED)
    assert (event["ok"], event["characters"]) == (True, 23)
    assert "oddzwonić" not in str(event), "what was said stays in the box"
    await world.close()


async def test_a_recognizer_that_is_away_is_asked_again(tmp_path: Path) -> None:
    ears = Ears(WebError("connect", "no connection"), (503, b""), (200, {"text": "Hello"}))
    world = office(tmp_path, ears)
    await world.message()
    await until(world, lambda: len(ears.asks) == 1)
    await world.sleep(29)
    assert len(ears.asks) == 1
    await world.sleep(2)
    assert len(ears.asks) == 2
    await world.sleep(61)
    assert text_of(world) == "Hello"
    await world.close()


@pytest.mark.parametrize("answer", [(400, b""), (200, b"<html>"), (200, {"text": None}), (200, [])])
async def test_an_answer_that_is_none_ends_it(tmp_path: Path, answer: tuple[int, Any]) -> None:
    ears = Ears(answer)
    world = office(tmp_path, ears)
    await world.message()
    await until(world, lambda: told(world, Kind.VOICEMAIL_TRANSCRIBED))
    await world.sleep(4000)
    assert (len(ears.asks), text_of(world)) == (1, "")
    assert told(world, Kind.VOICEMAIL_TRANSCRIBED)[0]["ok"] is False
    await world.close()


async def test_nothing_understood_is_not_asked_again_and_others_have_no_text(tmp_path: Path) -> None:
    ears = Ears((200, {"text": ""}))
    world = office(tmp_path, ears)
    await world.message("102")
    await world.sleep(5)
    assert ears.asks == []
    await world.close()
    world = office(tmp_path / "second", ears)
    await world.message("101")
    await until(world, lambda: text_of(world))
    assert text_of(world) == "-"
    await world.close()


async def test_the_next_process_takes_up_what_has_no_text_unless_it_is_old(tmp_path: Path) -> None:
    kept = Messages()
    world = office(tmp_path, Ears(WebError("timeout", "no answer")), kept)
    await world.message()
    await world.sleep(5)
    await world.close()
    ears = Ears((200, {"text": "Later"}))
    second = office(tmp_path, ears, kept)
    await second.voicemail.start()
    await until(second, lambda: text_of(second) == "Later")
    await second.close()
    (message,) = kept.rows.values()
    kept.rows[message.id] = replace(message, transcript="", at=message.at - 2 * GIVE_UP_S)
    third = office(tmp_path, ears, kept)
    await third.voicemail.start()
    await third.sleep(5)
    assert (len(ears.asks), text_of(third)) == (1, "")
    await third.close()


def test_what_is_wrong_in_the_configuration_is_named() -> None:
    box = {"name": "101", "extension": "101", "transcribe": True}
    given = {"voicemail": [box], "extension": [{"number": "101", "secret": "a-long-secret-of-101"}]}
    (problem,) = check_voicemail(Config.model_validate(given))
    assert "nothing recognizes speech" in str(problem)
    speech = {"recognizer": {"url": URL}}
    (problem,) = check_recognizer(Config.model_validate({**given, "speech": speech}))
    assert "stt.example:443 is not listed" in str(problem)
    listed = Config.model_validate({**given, "speech": speech, "http": {"hosts": ["stt.example"]}})
    assert [*check_recognizer(listed), *check_voicemail(listed)] == []
