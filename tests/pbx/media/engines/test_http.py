"""An engine behind HTTP against a local receiver, which may answer badly, slowly, or lead elsewhere."""

from __future__ import annotations

import http.server
import io
import json
import threading
import time
import wave
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from pbx.media.engines.base import SynthesisFailed
from pbx.media.engines.http import Http


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers with half a second of sound; the path says what else."""

    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.path == "/slow":
            time.sleep(1.0)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"<html>" if self.path == "/page" else sound())

    def log_message(self, format: str, *args: Any) -> None:
        """No noise."""


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        file.writeframes(b"\x10\x20" * 12000)
    return out.getvalue()


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.seen.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def engine(url: str, **more: Any) -> Http:
    settings = {"name": "cloud", "url": url, "headers": {}, "body": "json", "private": True, "timeout_s": 5.0}
    return Http({**settings, **more})


def test_words_are_posted_and_a_wav_comes_back(receiver: str) -> None:
    one = engine(f"{receiver}/say", headers={"authorization": "Bearer secret"})
    samples, rate = one.speak("Dzień dobry", "anna", 150)
    assert (len(samples), rate) == (12000, 24000)
    path, headers, body = Receiver.seen[0]
    assert path == "/say"
    assert headers["authorization"] == "Bearer secret"
    assert json.loads(body) == {"text": "Dzień dobry", "voice": "anna", "rate": 150}


def test_words_alone_and_the_voice_in_the_address(receiver: str) -> None:
    engine(f"{receiver}/{{voice}}", body="text").speak("Привет", "a b/c", 150)
    path, headers, body = Receiver.seen[0]
    assert path == "/a%20b%2Fc"
    assert headers["content-type"].startswith("text/plain")
    assert body.decode() == "Привет"


@pytest.mark.parametrize(
    ("path", "said"),
    [("/broken", "answered 500"), ("/page", "no PCM WAV file"), ("/away", "answered 302")],
)
def test_bad_answers_are_named_and_redirects_not_followed(receiver: str, path: str, said: str) -> None:
    with pytest.raises(SynthesisFailed, match=said):
        engine(receiver + path).speak("raz", "", 150)
    assert len(Receiver.seen) == 1


def test_a_slow_one_is_given_up(receiver: str) -> None:
    with pytest.raises(SynthesisFailed, match="did not answer"):
        engine(f"{receiver}/slow", timeout_s=0.1).speak("raz", "", 150)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "10.1.2.3"]
)
def test_private_addresses_must_be_allowed(host: str) -> None:
    with pytest.raises(SynthesisFailed, match="private = true"):
        engine(f"http://{host}:9/say", private=False).speak("raz", "", 150)


def test_nobody_there(receiver: str) -> None:
    with pytest.raises(SynthesisFailed, match="did not answer"):
        engine("http://127.0.0.1:1/").speak("raz", "", 150)
    with pytest.raises(ValueError, match="no http address"):
        engine("file:///etc/passwd")
