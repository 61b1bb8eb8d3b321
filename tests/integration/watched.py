"""Runs the PBX and writes down where its Python sends to: watched.py FILE ARGUMENTS-OF-THE-PBX.

Python's own audit events see every sendto, connect and name lookup of the signalling; RTP leaves from native threads
and is watched by the tests at its destination. Deadlines of slow connections are a tenth of the product's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    path = Path(sys.argv.pop(1))
    seen: set[str] = set()
    sys.path.insert(0, str(Path.cwd()))

    with path.open("a", buffering=1) as file:

        def note(event: str, arguments: tuple[object, ...]) -> None:
            if event in ("socket.sendto", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
                where = arguments[1] if event in ("socket.sendto", "socket.connect") else arguments[0]
                text = str(where[0] if isinstance(where, tuple) else where)
                if not os.fstat(file.fileno()).st_size:  # a test has emptied it: from now on counts
                    seen.clear()
                if text not in seen:
                    seen.add(text)
                    file.write(f"{event} {text}\n")

        sys.addaudithook(note)
        shorten()
        from pbx.cli import main as run

        run()


def shorten() -> None:
    """Nobody can wait half a minute in every test run."""
    from pbx.api import deadlines, server
    from pbx.transport import acceptor, connections

    acceptor.HANDSHAKE_S /= 10
    deadlines.REQUEST_DEADLINE_S /= 10
    server.KEEP_ALIVE_S //= 10
    connections.MESSAGE_DEADLINE_S /= 10
    connections.IDLE_S /= 10
    connections.SWEEP_S /= 10


if __name__ == "__main__":
    main()
