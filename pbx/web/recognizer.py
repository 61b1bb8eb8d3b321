"""Speech to text by a server that speaks the form of OpenAI's transcriptions: whisper.cpp, faster-whisper, LocalAI and
others, on a machine of one's own or outside. A WAV goes there as multipart/form-data, JSON {"text": ...} comes back.
"""

from __future__ import annotations

import io
import json
import secrets
import wave

from pbx.config_speech import Recognizer as Settings
from pbx.web.client import Ask, Web, WebError

MAX_TEXT = 20_000  # characters


class NotRecognized(Exception):
    """There is no text. `again`: it may be there when the same is asked later."""

    def __init__(self, text: str, *, again: bool) -> None:
        super().__init__(text)
        self.again = again


class Recognizer:
    """`recognize` is all there is; nothing is held between two sounds."""

    def __init__(self, web: Web, settings: Settings) -> None:
        self._web = web
        self._settings = settings

    async def recognize(self, sound: bytes, language: str, *, timeout_s: float = 0.0) -> str:
        """What is said in a WAV file; "" when nothing is. Raises NotRecognized."""
        settings = self._settings
        fields = {"response_format": "json", "language": language}
        if settings.model:
            fields["model"] = settings.model
        body, boundary = form(fields, sound)
        headers = {"content-type": f"multipart/form-data; boundary={boundary}", "accept": "application/json"}
        if settings.token:
            headers["authorization"] = f"Bearer {settings.token}"
        ask = Ask("POST", settings.url, headers, body, timeout_s=timeout_s or settings.timeout_s)
        try:
            answer = await self._web.ask(ask)
        except WebError as error:
            raise NotRecognized(f"the recognizer did not answer: {error}", again=error.reason != "host") from None
        if answer.status != 200:
            again = answer.status in (408, 429) or answer.status >= 500
            raise NotRecognized(f"the recognizer answered {answer.status}", again=again)
        try:
            text = json.loads(answer.body)["text"]
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise NotRecognized('the recognizer\'s answer is not {"text": "..."}', again=False) from None
        return " ".join(text.split())[:MAX_TEXT]


def wav(pcm: bytes, rate: int) -> bytes:
    """A WAV file of mono samples of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm)
    return file.getvalue()


def form(fields: dict[str, str], sound: bytes) -> tuple[bytes, str]:
    """multipart/form-data (RFC 7578) with a file "sound.wav", and its boundary."""
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    head = 'Content-Disposition: form-data; name="file"; filename="sound.wav"\r\nContent-Type: audio/wav'
    parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + sound + f"\r\n--{boundary}--\r\n".encode())
    return b"".join(parts), boundary
