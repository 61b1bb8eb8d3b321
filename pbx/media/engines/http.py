"""An engine behind HTTP: the words are POSTed to one address, a WAV file comes back.

The body is JSON {"text", "voice", "rate"}, or the words alone. What guards against being led astray: only http and
https, no redirect is followed, the name is looked up once and the address that was judged is the one connected to,
private addresses only where the section says `private = true`, an answer has 32 MB and `timeout_s` in all.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import socket
import ssl
import time
from typing import Any
from urllib.parse import quote, urlsplit

from pbx.addresses import is_public
from pbx.media import shaping
from pbx.media.engines.base import SynthesisFailed, enough, from_wav

MAX_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_SAID = 200


class Http:
    """`settings`: name, url (`{voice}` in it is filled in), headers, body ("json" or "text"), private, timeout_s."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.name = str(settings["name"])
        self._url = str(settings["url"])
        self._host = urlsplit(self._url).netloc.rpartition("@")[2]  # what logs say: the rest may hold a key
        self._headers = {str(key): str(value) for key, value in dict(settings["headers"]).items()}
        self._body = str(settings["body"])
        self._private = bool(settings["private"])
        self._timeout_s = float(settings["timeout_s"])
        self.folder = ""
        self.version = hashlib.sha256(f"{self._body} {self._url}".encode()).hexdigest()[:12]
        if urlsplit(self._url).scheme not in ("http", "https") or not urlsplit(self._url).hostname:
            raise ValueError(f"{self._url!r} is no http address; correct speech.engine.url")

    def voices(self) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing is held between two texts."""

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        headers = dict(self._headers)
        if self._body == "json":
            payload = json.dumps({"text": words, "voice": voice, "rate": rate}, ensure_ascii=False).encode()
            headers.setdefault("content-type", "application/json")
        else:
            payload = words.encode()
            headers.setdefault("content-type", "text/plain; charset=utf-8")
        headers.setdefault("accept", "audio/wav")
        try:
            data = self._post(urlsplit(self._url.replace("{voice}", quote(voice, safe=""))), payload, headers)
        except (OSError, http.client.HTTPException) as error:
            raise SynthesisFailed(f"{self.name} at {self._host} did not answer: {error}") from error
        samples, sampled_at = from_wav(data, self.name)
        if not enough(samples, sampled_at, words, rate):
            raise SynthesisFailed(f"{self.name} gave {len(samples) / sampled_at:.2f} s of sound for {words[:60]!r}")
        return samples, sampled_at

    def _post(self, url: Any, payload: bytes, headers: dict[str, str]) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        port = url.port or (443 if url.scheme == "https" else 80)
        connection = http.client.HTTPConnection(url.hostname, port, timeout=self._timeout_s)
        raw = socket.create_connection((self._address(url.hostname, port), port), self._timeout_s)
        raw_or_tls = raw
        try:
            if url.scheme == "https":
                raw_or_tls = ssl.create_default_context().wrap_socket(raw, server_hostname=url.hostname)
            connection.sock = raw_or_tls
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            host = url.hostname if url.port is None else f"{url.hostname}:{port}"
            connection.request("POST", path, payload, {"host": host, "connection": "close", **headers})
            response = connection.getresponse()
            data = b""
            while chunk := response.read1(_CHUNK):
                data += chunk
                if len(data) > MAX_ANSWER:
                    raise SynthesisFailed(f"{self.name} answered with more than {MAX_ANSWER >> 20} MB")
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise SynthesisFailed(f"{self.name} took more than {self._timeout_s:g} s to answer")
                raw_or_tls.settimeout(left_s)
        finally:
            connection.close()
            raw_or_tls.close()
        if response.status != 200:
            said = data[:_SAID].decode(errors="replace")
            raise SynthesisFailed(f"{self.name} at {self._host} answered {response.status}: {said}")
        return data

    def _address(self, host: str, port: int) -> str:
        """The address to connect to. Raises SynthesisFailed when it is none of the public ones and must be."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in found:
            if self._private or is_public(ipaddress.ip_address(str(place[0]).partition("%")[0])):
                return str(place[0])
        raise SynthesisFailed(
            f"{self.name}: {host} leads to {found[0][4][0]}, a private address; allow it with private = true"
        )
