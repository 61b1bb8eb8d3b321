"""An identity provider lets people in: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

What must be remembered between the two halves (state, nonce, code verifier) is in a signed cookie of the browser that
began: nothing can be filled up here, and it survives a restart.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from pbx.accounts.errors import AccountError
from pbx.accounts.identity import Identity
from pbx.accounts.secrets import new_secret
from pbx.clock import Clock
from pbx.config_accounts import Oidc
from pbx.web.client import Ask, Web, WebError

log = logging.getLogger("centrala.accounts")

BEGUN_S = 600.0  # in which somebody may type his password over there
METADATA_S = 3600.0  # that end points and keys are believed without being asked for again
KEYS_AGAIN_S = 60.0  # between two questions for keys, whatever key ids tokens bring
LEEWAY_S = 60.0  # between the provider's clock and ours
ASK_S = 5.0
MAX_TOKEN = 32_768
MAX_SUBJECT = 255  # OpenID Connect Core 1.0 section 2
KEY_TYPES = ("RSA", "EC", "OKP")  # none that is a secret of both sides
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


class Begun(NamedTuple):
    url: str  # where the browser goes
    cookie: str  # what it brings back


@dataclass(slots=True)
class _Metadata:
    """Of the provider (OpenID Connect Discovery 1.0 section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic: bool  # how a client with a secret shows it
    read_at: float


class Provider:
    """Raises AccountError "provider" where the provider is at fault, "wrong" where the browser is."""

    def __init__(self, settings: Oidc, web: Web, clock: Clock, key: bytes) -> None:
        self._settings, self._web, self._clock = settings, web, clock
        self._key = hmac.new(key, b"oidc", "sha256").digest()
        self._metadata: _Metadata | None = None
        self._keys: Any = None  # a joserfc KeySet
        self._keys_at = -KEYS_AGAIN_S
        self._reading = asyncio.Lock()

    async def begin(self, redirect_uri: str) -> Begun:
        """The first half: the browser is sent to the provider."""
        metadata = await self._described()
        state, nonce, verifier = new_secret(), new_secret(), new_secret()
        challenge = _b64(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(["openid", *self._settings.scopes])),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        mark = "&" if "?" in metadata.authorization_endpoint else "?"
        ends = self._clock.unix() + BEGUN_S
        cookie = self._seal({"state": state, "nonce": nonce, "verifier": verifier, "ends": ends})
        return Begun(f"{metadata.authorization_endpoint}{mark}{urlencode(query)}", cookie)

    async def finish(self, cookie: str, state: str, code: str, issuer: str, redirect_uri: str) -> Identity:
        """The second half: the browser came back. `issuer`: as the answer says it (RFC 9207), "" when it does not."""
        begun = self._open(cookie)
        if not hmac.compare_digest(state.encode(), str(begun.get("state", "")).encode()):
            raise AccountError("wrong", "this answer belongs to another attempt; begin again")
        if issuer and issuer != self._settings.issuer:
            raise AccountError("wrong", "this answer is of another provider")
        metadata = await self._described()
        answer = await self._exchange(metadata, code, str(begun["verifier"]), redirect_uri)
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > MAX_TOKEN:
            raise AccountError("provider", "the identity provider gave no ID token")
        claims = await self._verified(metadata, token)
        self._check(claims, str(begun["nonce"]))
        return Identity(f"{self._settings.issuer} {claims['sub']}", claims)

    async def _exchange(self, metadata: _Metadata, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """RFC 6749 section 4.1.3."""
        settings = self._settings
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        form["code_verifier"] = verifier
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if settings.client_secret and metadata.basic:
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.client_id
            if settings.client_secret:
                form["client_secret"] = settings.client_secret
        ask = Ask("POST", metadata.token_endpoint, headers, urlencode(form).encode(), ASK_S)
        return await self._json(ask, "the code was not taken")

    async def _verified(self, metadata: _Metadata, token: str) -> Mapping[str, Any]:
        """The claims of a token that a key of the provider's has signed. A key that is not known yet is asked for."""
        if self._keys is None or self._clock.monotonic() - self._keys_at > METADATA_S:
            await self._read_keys(metadata)
        try:
            return await asyncio.to_thread(_decode, token, self._keys)
        except _UnknownKey:
            if self._clock.monotonic() - self._keys_at < KEYS_AGAIN_S:
                raise AccountError("provider", "the ID token is signed with a key that is not known") from None
        await self._read_keys(metadata)
        try:
            return await asyncio.to_thread(_decode, token, self._keys)
        except _UnknownKey:
            raise AccountError("provider", "the ID token is signed with a key that is not known") from None

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        """OpenID Connect Core 1.0 section 3.1.3.7."""
        settings, now = self._settings, self._clock.unix()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires, issued = claims.get("exp"), claims.get("iat")
        faults = {
            "issuer": claims.get("iss") != settings.issuer,
            "audience": settings.client_id not in audiences,
            "authorized party": claims.get("azp", settings.client_id) != settings.client_id
            or (len(audiences) > 1 and "azp" not in claims),
            "expiry": not isinstance(expires, int | float) or now >= expires + LEEWAY_S,
            "time of issue": not isinstance(issued, int | float) or issued > now + LEEWAY_S,
            "nonce": not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
            "subject": not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= MAX_SUBJECT,
        }
        wrong = [name for name, is_wrong in faults.items() if is_wrong]
        if wrong:
            raise AccountError("provider", f"the ID token is not for us: {', '.join(wrong)}")

    # -- what the provider says of itself ------------------------------------------------------------------------

    async def _described(self) -> _Metadata:
        async with self._reading:
            found, now = self._metadata, self._clock.monotonic()
            if found is not None and now - found.read_at < METADATA_S:
                return found
            issuer = self._settings.issuer
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                said = await self._json(Ask("GET", url, {"Accept": "application/json"}, timeout_s=ASK_S), "no metadata")
                self._metadata = _metadata(said, issuer, now)
            except AccountError:
                if found is None:
                    raise
                log.warning("the identity provider's metadata could not be read again; the old one is used")
                found.read_at = now
            assert self._metadata is not None
            return self._metadata

    async def _read_keys(self, metadata: _Metadata) -> None:
        self._keys_at = self._clock.monotonic()
        said = await self._json(
            Ask("GET", metadata.jwks_uri, {"Accept": "application/json"}, timeout_s=ASK_S), "no keys"
        )
        self._keys = await asyncio.to_thread(_key_set, said)

    async def _json(self, ask: Ask, problem: str) -> Mapping[str, Any]:
        try:
            answer = await self._web.ask(ask)
        except WebError as error:
            raise AccountError("provider", f"the identity provider does not answer: {error}") from None
        try:
            value = json.loads(answer.body)
        except ValueError:
            value = None
        if answer.status != 200 or not isinstance(value, dict):
            reason = value.get("error", "") if isinstance(value, dict) else ""
            text = f"the identity provider answered {answer.status} {str(reason)[:100]}".rstrip()
            raise AccountError("provider", f"{text}: {problem}")
        return value

    # -- the cookie ----------------------------------------------------------------------------------------------

    def _seal(self, value: Mapping[str, Any]) -> str:
        text = _b64(json.dumps(value).encode())
        return f"{text}.{hmac.new(self._key, text.encode(), 'sha256').hexdigest()}"

    def _open(self, cookie: str) -> Mapping[str, Any]:
        text, _, signature = cookie.partition(".")
        right = hmac.new(self._key, text.encode("utf-8", "replace"), "sha256").hexdigest()
        if not text or not hmac.compare_digest(signature.encode("utf-8", "replace"), right.encode()):
            raise AccountError("wrong", "this browser began no login; begin again")
        value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if self._clock.unix() >= value["ends"]:
            raise AccountError("wrong", "that took too long; begin again")
        return value


class _UnknownKey(Exception):
    """None of the keys has the id that the token names."""


def _metadata(said: Mapping[str, Any], issuer: str, now: float) -> _Metadata:
    """Raises AccountError for metadata of somebody else, or without what is needed."""
    if said.get("issuer") != issuer:
        raise AccountError("provider", f"the identity provider calls itself {said.get('issuer')!r}, not {issuer!r}")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    ends = [str(said.get(name)) for name in names]
    if not all(end.startswith(("https://", "http://")) for end in ends):
        raise AccountError("provider", f"the identity provider names no {', '.join(names)}")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return _Metadata(ends[0], ends[1], ends[2], "client_secret_basic" in methods, now)


def _key_set(said: Mapping[str, Any]) -> Any:
    """In a thread: the library takes 0.3 s to load. Keys that we cannot use are none of our business."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    keys = []
    for entry in said.get("keys") or ():
        if (
            not isinstance(entry, dict)
            or entry.get("use", "sig") != "sig"
            or entry.get("kty") not in ("RSA", "EC", "OKP")
        ):
            continue
        try:
            keys.append(JWKRegistry.import_key(entry))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            log.info("a key of the identity provider is not understood: %s", error)
    if not keys:
        raise AccountError("provider", "the identity provider has no key that we understand")
    return KeySet(keys)


def _decode(token: str, keys: Any) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError

    try:
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except InvalidKeyIdError:
        raise _UnknownKey from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise AccountError("provider", f"the ID token is not rightly signed: {error}") from None
    return claims


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
