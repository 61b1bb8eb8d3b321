"""The command line's side of the control socket: HTTP over a Unix socket, standard library only."""

from __future__ import annotations

import getpass
import http.client
import json
import socket
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote


class ControlError(Exception):
    """The PBX refused, or is not there; the text says what to do."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """Asks a running PBX through `<data_dir>/control.sock`."""

    def __init__(self, path: Path, timeout_s: float = 10.0) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded JSON answer. Raises ControlError for a refusal, or when no PBX listens."""
        answer = self.exchange(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(answer) if answer else None

    def exchange(self, method: str, path: str, payload: bytes | None = None, kind: str = "application/json") -> bytes:
        """The answer as it comes, for sounds. Raises ControlError as `request`."""
        connection = _UnixConnection(self._path, self._timeout_s)
        written = quote(path, safe=string.punctuation)  # names may have spaces and letters of any language
        try:
            connection.request(method, written, payload, {"content-type": kind, "x-user": _user()})
            response = connection.getresponse()
            answer = response.read()
        except (FileNotFoundError, ConnectionRefusedError):
            text = f"no PBX is running here (nothing listens on {self._path}); start it with `centrala serve`"
            raise ControlError(text) from None
        except PermissionError:
            raise ControlError(f"{self._path} may be used by the PBX's own user only; use sudo -u") from None
        except OSError as error:
            raise ControlError(f"the PBX on {self._path} does not answer: {error}") from None
        finally:
            connection.close()
        if response.status >= 400:
            decoded = json.loads(answer) if answer else None
            text = decoded.get("error", "") if isinstance(decoded, dict) else ""
            raise ControlError(text or f"the PBX answered {response.status}")
        return answer


def _user() -> str:
    """Who asks, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        name = ""
    return name if name.isascii() and name.isprintable() else ""
