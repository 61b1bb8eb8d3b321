"""The page that a one-time link leads to: a form without a script, which the strict CSP lets through.

It is in the language of the browser. A link that opens nothing any more says so, and what to do.
"""

from __future__ import annotations

import re
from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pbx.accounts.second_factor import WRONG
from pbx.api.account_errors import CodeNeeded
from pbx.api.control import Refused
from pbx.api.dead_link import LOGIN, dead_link, language_for
from pbx.api.page import page
from pbx.api.rest.access import PUBLIC, allow
from pbx.api.rest.routes.session import MAX_BODY, MAX_PASSWORD, SessionControl, entered, origin_of
from pbx.config_base import Language

MAX_FORM = 4096
MAX_TOKEN = 256
# The form names its origin to us alone; with "no-referrer" browsers would call it "null", as a page in a sandbox.
REFERRER = {"referrer-policy": "same-origin"}
MAX_CODE = 64

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Choose a password",
        "login": "Login",
        "password": "Password",
        "code": "Code of your authenticator",
        "go": "Save",
        "done": "You are logged in as {login}.",
        "refused": "This did not work: {reason}",
    },
    "pl": {
        "title": "Wybierz hasło",
        "login": "Login",
        "password": "Hasło",
        "code": "Kod z aplikacji uwierzytelniającej",
        "go": "Zapisz",
        "done": "Zalogowano jako {login}.",
        "refused": "Nie udało się: {reason}",
    },
    "ru": {
        "title": "Выберите пароль",
        "login": "Логин",
        "password": "Пароль",
        "code": "Код из приложения-аутентификатора",
        "go": "Сохранить",
        "done": "Вы вошли как {login}.",
        "refused": "Не получилось: {reason}",
    },
}

# What may be wrong with a password, as pbx.accounts.passwords says it; numbers stay.
_REASONS: tuple[tuple[str, dict[Language, str]], ...] = (
    (
        r"the password is shorter than (\d+) characters",
        {"pl": r"hasło jest krótsze niż \1 znaków", "ru": r"пароль короче \1 символов"},
    ),
    (
        r"the password is longer than (\d+) characters",
        {"pl": r"hasło jest dłuższe niż \1 znaków", "ru": r"пароль длиннее \1 символов"},
    ),
    (
        r"the password is easy to guess.*",
        {"pl": "hasło łatwo odgadnąć; użyj kilku słów", "ru": "пароль легко угадать; возьмите несколько слов"},
    ),
    (
        r"a code of your authenticator is needed",
        {"pl": "potrzebny jest kod z aplikacji uwierzytelniającej", "ru": "нужен код из приложения-аутентификатора"},
    ),
    (
        r"the code is wrong, or was used already",
        {"pl": "kod jest błędny albo został już użyty", "ru": "код неверен или уже использован"},
    ),
    (
        r"too many wrong codes.*",
        {"pl": "zbyt wiele błędnych kodów; spróbuj później", "ru": "слишком много неверных кодов; попробуйте позже"},
    ),
    (
        r"login is 1 to 64 characters.*",
        {
            "pl": "login ma od 1 do 64 znaków, bez odstępów, dwukropków i ukośników",
            "ru": "логин: от 1 до 64 знаков, без пробелов, двоеточий и косых черт",
        },
    ),
    (
        r"there is a user .* already",
        {"pl": "taki użytkownik już jest", "ru": "такой пользователь уже есть"},
    ),
    (
        r"too many people log in.*",
        {
            "pl": "zbyt wiele osób loguje się w tej chwili; spróbuj za chwilę",
            "ru": "сейчас входит слишком много людей; попробуйте через секунду",
        },
    ),
)


def link_page_router(control: SessionControl, language: Language) -> APIRouter:
    """GET /link, and POST /link/form, where its form goes."""
    router = APIRouter(include_in_schema=False)

    def form(request: Request, token: str, action: str, refusal: Refused | None = None) -> HTMLResponse:
        spoken = language_for(request.headers.get("accept-language", ""), language)
        texts = TEXTS[spoken]
        try:
            needs_login = control.needs_login(token)
        except Refused as gone:
            return dead_link(LOGIN, spoken, gone.status)
        login = _field("login", texts["login"], "text", "username") if needs_login else ""
        password = _field("password", texts["password"], "password", "new-password")
        hidden = f'<input type="hidden" name="token" value="{escape(token)}">'
        problem = "" if refusal is None else _said(spoken, refusal)
        needs_code = refusal is not None and (isinstance(refusal, CodeNeeded) or str(refusal) == WRONG)
        code = _field("code", texts["code"], "text", "one-time-code") if needs_code else ""
        rows = f'{problem}<form method="post" action="{action}">{hidden}{login}{password}{code}'
        return _page(spoken, f"{rows}<button>{texts['go']}</button></form>", 200 if refusal is None else refusal.status)

    @router.get("/link", dependencies=[allow(PUBLIC)])
    async def show(request: Request, token: Annotated[str, Query(max_length=MAX_TOKEN)] = "") -> Response:
        return form(request, token, "link/form")

    @router.post("/link/form", dependencies=[allow(PUBLIC)], max_body_size=MAX_BODY)
    async def take(request: Request) -> Response:
        if _is_foreign(request):
            raise Refused(403, "this form was sent by a page of another site; open the link itself")
        body = await request.body()
        fields = {name: values[0] for name, values in parse_qs(body[:MAX_FORM].decode("utf-8", "replace")).items()}
        token, password = fields.get("token", "")[:MAX_TOKEN], fields.get("password", "")[: MAX_PASSWORD + 1]
        try:
            code = fields.get("code", "")[:MAX_CODE]
            found = await control.use_link(token, password, fields.get("login", ""), *origin_of(request), code)
        except Refused as refusal:
            return form(request, token, "form", refusal)
        spoken = language_for(request.headers.get("accept-language", ""), language)
        done = TEXTS[spoken]["done"].format(login=found.person.login)
        answer = _page(spoken, f"<p>{escape(done)}</p>")
        entered(request, answer, found)
        return answer

    return router


def _is_foreign(request: Request) -> bool:
    """Whether a page of another site sent the form: it would log its visitor in as somebody else, who reads along. A
    page in a sandbox calls itself "null"; ours names its origin, because its referrer policy lets it.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host", "")


def _page(language: Language, body: str, status: int = 200) -> HTMLResponse:
    return page(language, TEXTS[language]["title"], body, status, REFERRER)


def _field(name: str, label: str, kind: str, fills: str, *, must: bool = True) -> str:
    required = " required" if must else ""
    return f'<p><label>{label}<input name="{name}" type="{kind}" autocomplete="{fills}"{required}></label></p>'


def _said(language: Language, refusal: Refused) -> str:
    reason = str(refusal)
    for pattern, texts in _REASONS:
        if language in texts and re.fullmatch(pattern, reason):
            reason = re.sub(pattern, texts[language], reason)
    return f'<p role="alert">{escape(TEXTS[language]["refused"].format(reason=reason))}</p>'
