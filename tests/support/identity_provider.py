"""An identity provider over HTTP that really signs: metadata, keys, codes for tokens (OpenID Connect Core 1.0)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey


class IdentityProvider:
    """`approve` plays the person who logs in over there. `spoil` changes claims, `key` what is signed with."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.keys: list[Any] = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})]
        self.algorithm = "RS256"
        self.key = self.keys[0]
        self.spoil: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}  # over what is true
        self.asked: Counter[str] = Counter()
        self.secret = "the client's"
        self._codes: dict[str, dict[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked[self.path] += 1
                if self.path == "/main/.well-known/openid-configuration":
                    self._answer(200, provider._describe())
                elif self.path == "/keys":
                    strange = {"kty": "RSA", "n": "!", "e": "AQAB", "kid": "strange"}
                    keys = KeySet(provider.keys).as_dict(private=False)["keys"]
                    self._answer(200, {"keys": [strange, {"kty": "XYZ"}, *keys]})
                else:
                    self._answer(404, {})

            def do_POST(self) -> None:
                provider.asked[self.path] += 1
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                fields = {name: values[0] for name, values in form.items()}
                known = self.path == "/token"
                self._answer(*provider._exchange(fields, self.headers.get("Authorization", "")) if known else (404, {}))

            def _answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.issuer = f"http://{host}:{self._server.server_address[1]}/main"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def approve(self, url: str, **claims: Any) -> dict[str, str]:
        """The query with which the browser comes back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = hashlib.sha256(query["state"].encode()).hexdigest()
        self._codes[code] = {**query, "claims": claims}
        return {"code": code, "state": query["state"], "iss": self.issuer}

    def rotate(self) -> None:
        """Another key, of another kind; the old one is gone."""
        self.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
        self.keys, self.algorithm = [self.key], "ES256"

    def _describe(self) -> dict[str, Any]:
        base = self.issuer.removesuffix("/main")
        ends = {"authorization_endpoint": f"{base}/authorize?tenant=1", "token_endpoint": f"{base}/token"}
        return {"issuer": self.issuer, "jwks_uri": f"{base}/keys", **ends, **self.metadata}

    def _exchange(self, fields: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization:
            name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            client = (unquote(name), unquote(secret))
        else:
            client = (fields["client_id"], fields.get("client_secret", ""))
        asked = self._codes.pop(fields["code"], None)  # once
        if asked is None or client != ("centrala", self.secret):
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest())
        if (
            challenge.rstrip(b"=").decode() != asked["code_challenge"]
            or fields["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "centrala", "exp": now + 300, "iat": now, "nonce": asked["nonce"]}
        claims |= asked["claims"] | self.spoil
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": jwt.encode(header, claims, self.key)}
