"""A CRM over HTTP for black-box tests: knows one customer, is slow for another, and keeps what it was told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

SLOW_S = 3.0


def tone_of(form: bytes) -> float:
    """The loudest frequency, to ten hertz, of the WAV in a form."""
    samples = np.frombuffer(form[form.index(b"data", form.index(b"RIFF")) + 8 : -64], dtype="<i2").astype(float)
    loudest = int(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))))
    return round(loudest * 8000 / len(samples), -1)


class CrmServer:
    """GET /customers?phone=...01 is a VIP, ...03 takes SLOW_S, others are 404; GET /moved leads elsewhere; POST
    /v1/audio/transcriptions says which tone a WAV has; POST /hooks is kept in `told`.
    """

    def __init__(self, host: str, port: int) -> None:
        self.told: list[dict[str, Any]] = []
        crm = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                phone = parse_qs(parts.query).get("phone", [""])[0]
                if parts.path == "/moved":
                    self._answer(302, {}, location=f"http://127.0.0.1:{port}/")
                elif self.headers["Authorization"] != "Bearer open-sesame":
                    self._answer(401, {})
                elif phone.endswith("01"):
                    self._answer(200, {"customer": {"id": 1, "name": "Ola", "vip": "yes", "lang": "en"}})
                elif phone.endswith("03"):
                    time.sleep(SLOW_S)
                    self._answer(200, {})
                else:
                    self._answer(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/audio/transcriptions":
                    self._answer(200, {"text": f"A tone of {tone_of(body):.0f} Hz"})
                    return
                crm.told.append({"headers": dict(self.headers), "body": json.loads(body)})
                self._answer(204, None)

            def _answer(self, status: int, body: Any, location: str = "") -> None:
                data = json.dumps(body).encode() if body is not None else b""
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Who asked does not always wait for the answer."""

        self._server = Server((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
