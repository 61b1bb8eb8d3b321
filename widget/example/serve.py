"""Serves the sample shop: `python widget/example/serve.py --pbx http://127.0.0.1:8080 --key pk_...`."""

from __future__ import annotations

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


def policy(pbx: str) -> str:
    """What a careful shop allows: nothing but its own files, and the snippet with its requests."""
    return (
        f"default-src 'none'; script-src 'self' {pbx}; style-src 'self'; connect-src {pbx}; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def page(path: str, pbx: str, key: str) -> tuple[bytes, str] | None:
    """A file of the shop with the address of the PBX in it, and its type; None for what is none. Views have the page of
    "/".
    """
    name = path.partition("?")[0].strip("/") or "index.html"
    file = FOLDER / (name if "." in name else "index.html")
    if file.parent != FOLDER or file.suffix not in TYPES or not file.exists():
        return None
    text = file.read_text(encoding="utf-8").replace("{{pbx}}", pbx).replace("{{key}}", key)
    return text.encode(), TYPES[file.suffix]


def serve(host: str, port: int, pbx: str, key: str) -> ThreadingHTTPServer:
    """A server that listens; `serve_forever` answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = page(self.path, pbx, key)
            body, kind = found or (b"", "text/plain")
            self.send_response(200 if found else 404)
            for name, value in (("content-type", kind), ("content-length", str(len(body)))):
                self.send_header(name, value)
            self.send_header("content-security-policy", policy(pbx))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said of requests."""

    return ThreadingHTTPServer((host, port), Handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pbx", required=True, help="such as http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="of a [[site_web]] that lists this shop's origin")
    parser.add_argument("--listen", default="127.0.0.1:8090")
    given = parser.parse_args()
    host, _, port = given.listen.rpartition(":")
    with serve(host, int(port), given.pbx, given.key) as server:
        print(f"the shop is open: http://{given.listen}/")
        server.serve_forever()


if __name__ == "__main__":
    main()
