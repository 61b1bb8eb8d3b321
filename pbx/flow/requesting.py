"""What the blocks that ask other systems share: the request with its variables, the journey, the exit."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from pbx.events import Kind
from pbx.flow.errors import FlowError, VariableError
from pbx.flow.fill import fill
from pbx.flow.texts import template
from pbx.web.client import Answer, Ask, WebError
from pbx.web.hosts import PORTS

if TYPE_CHECKING:
    from pbx.flow.run import Run

SECRET = re.compile(r"\{secret\.([A-Za-z0-9_]+)\}")
MAX_BODY = 65_536


@dataclass(slots=True, frozen=True)
class Asking:
    """A request before its variables are filled in."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None  # JSON with variables in its texts
    form: Mapping[str, str] | None = None
    timeout_s: float = 3.0
    retries: int = 1
    backoff_s: float = 0.3
    sign: str = ""  # the name of the secret that signs the body


@dataclass(slots=True, frozen=True)
class Told:
    """`outcome`: "ok" (2xx), "error", "timeout". `data` is the answer's JSON, None where it is none."""

    outcome: str
    status: int
    data: Any


async def request(run: Run, asking: Asking) -> Told:
    """Asks, tells the journey, and sets http.status, http.ms and http.reason."""
    call = run.call
    began = call.loop.time()
    answer: Answer | None = None
    outcome, reason = "error", ""
    try:
        ask = prepare(run, asking)
        answer = await call.services.extra["web"].ask(ask)
        outcome = "ok" if 200 <= answer.status < 300 else "error"
    except FlowError as error:
        reason = error.text[:200]
    except WebError as error:
        outcome, reason = ("timeout" if error.reason == "timeout" else "error"), error.reason
    status = answer.status if answer is not None else 0
    ms = round((call.loop.time() - began) * 1000)
    run.variables.set("http.status", status)
    run.variables.set("http.ms", ms)
    run.variables.set("http.reason", reason)
    call.emit(
        Kind.HTTP_ASKED,
        block=run.block,
        method=asking.method,
        host=urlsplit(asking.url).hostname or "",
        status=status,
        ms=ms,
        attempts=answer.attempts if answer is not None else 0,
        outcome=outcome,
        reason=reason,
    )
    return Told(outcome, status, _json(answer) if answer is not None else None)


def prepare(run: Run, asking: Asking) -> Ask:
    """The request with its variables. Raises FlowError."""
    secrets = run.call.services.config.http.secrets
    url = filled_url(run, asking.url)
    if asking.query:
        pairs = {name: fill(run, text, missing="") for name, text in asking.query.items()}
        url += ("&" if "?" in url else "?") + urlencode(pairs)
    headers = {name: fill(run, _secrets(text, secrets), missing="") for name, text in asking.headers.items()}
    body = b""
    if asking.form is not None:
        body = urlencode({name: fill(run, text, missing="") for name, text in asking.form.items()}).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif asking.body is not None:
        body = orjson.dumps(_filled(run, asking.body))
        headers.setdefault("Content-Type", "application/json")
    if len(body) > MAX_BODY:
        raise FlowError(f"the request has {len(body)} bytes, more than {MAX_BODY}")
    if asking.method != "GET":
        # The same request sent twice is one: draft-ietf-httpapi-idempotency-key-header.
        # Another round of the same block may say something else, which is another request.
        said = hashlib.blake2b(b"\n".join((asking.method.encode(), url.encode(), body)), digest_size=8).hexdigest()
        headers.setdefault("Idempotency-Key", f"{run.call.id}-{said}-{run.block}")
    if asking.sign:
        headers.update(_signature(secrets[asking.sign], body, run.call.services.clock.unix()))
    return Ask(asking.method, url, headers, body, asking.timeout_s, asking.retries, asking.backoff_s)


def filled_url(run: Run, url: str) -> str:
    """A URL whose variables cannot change its host or path: their values are encoded. Raises FlowError."""
    parts = []
    for part in template(url).parts:
        if isinstance(part, str):
            parts.append(part)
        else:
            value = fill(run, part.source, missing="")
            if value in (".", ".."):
                raise FlowError(f"{part.name} is {value!r}, which no address may hold")
            parts.append(quote(value, safe=""))
    return "".join(parts)


def check_url(url: str) -> str:
    """Raises ValueError unless it is a template of a URL whose scheme, host and port are plain."""
    template(url)
    head = url.partition("://")[2].partition("/")[0]
    if not url.startswith(("http://", "https://")) or "{" in head or "?" in head:
        raise ValueError("write http:// or https://, the host as it is, and a path; variables come after that")
    return url


def host_of(url: str) -> str:
    """ "crm.example:443" of a URL, for the check of http.hosts."""
    parts = urlsplit(url)
    return f"{parts.scheme} {parts.hostname} {parts.port or PORTS.get(parts.scheme, 0)}"


def set_variable(run: Run, name: str, value: Any) -> bool:
    """Sets what an answer says; False when it is too large, and then the name has no value."""
    try:
        run.variables.set(name, value)
    except VariableError:
        run.variables.forget(name)
        return False
    return True


def templates_of(value: Any, key: str) -> dict[str, str]:
    """Every text in a JSON value, by where it stands, without what is no variable of the flow."""
    if isinstance(value, str):
        return {key: SECRET.sub("", value)}
    if isinstance(value, dict):
        return {k: text for name, inner in value.items() for k, text in templates_of(inner, f"{key}.{name}").items()}
    if isinstance(value, list):
        return {k: text for inner in value for k, text in templates_of(inner, key).items()}
    return {}


def _filled(run: Run, value: Any) -> Any:
    if isinstance(value, str):
        return fill(run, value, missing="")
    if isinstance(value, dict):
        return {key: _filled(run, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(run, inner) for inner in value]
    return value


def _secrets(text: str, secrets: Mapping[str, str]) -> str:
    def found(match: re.Match[str]) -> str:
        return secrets.get(match.group(1), "").replace("{", "{{").replace("}", "}}")

    return SECRET.sub(found, text)


def _signature(secret: str, body: bytes, unix: float) -> dict[str, str]:
    """HMAC-SHA256 over the second and the body: a receiver can refuse what is old or altered."""
    at = str(int(unix))
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Centrala-Timestamp": at, "X-Centrala-Signature": f"sha256={made}"}


def _json(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body) if answer.body else None
    except orjson.JSONDecodeError:
        return None
