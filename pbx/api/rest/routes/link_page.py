"""The page that a one-time link leads to: a form without a script, which the strict CSP lets through."""

from __future__ import annotations

from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pbx.api.control import Refused
from pbx.api.rest.access import PUBLIC, allow
from pbx.api.rest.routes.session import MAX_BODY, MAX_PASSWORD, SessionControl, entered, origin_of
from pbx.config_base import Language

MAX_FORM = 4096
MAX_TOKEN = 256

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Choose a password",
        "login": "Login",
        "password": "Password",
        "go": "Save",
        "done": "You are logged in as {login}.",
        "refused": "This did not work: {reason}",
    },
    "pl": {
        "title": "Wybierz hasło",
        "login": "Login",
        "password": "Hasło",
        "go": "Zapisz",
        "done": "Zalogowano jako {login}.",
        "refused": "Nie udało się: {reason}",
    },
    "ru": {
        "title": "Выберите пароль",
        "login": "Логин",
        "password": "Пароль",
        "go": "Сохранить",
        "done": "Вы вошли как {login}.",
        "refused": "Не получилось: {reason}",
    },
}


def link_page_router(control: SessionControl, language: Language) -> APIRouter:
    """GET /link, and POST /link/form, where its form goes."""
    router = APIRouter(include_in_schema=False)
    texts = TEXTS[language]

    def page(body: str, status: int = 200) -> HTMLResponse:
        head = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{texts["title"]}</title>'
        return HTMLResponse(f"{head}<main><h1>{texts['title']}</h1>{body}</main></html>", status)

    def form(token: str, action: str, problem: str = "", status: int = 200) -> HTMLResponse:
        try:
            needs_login = control.needs_login(token)
        except Refused as refusal:
            return page(_said(texts, refusal), refusal.status)
        login = _field("login", texts["login"], "text", "username") if needs_login else ""
        password = _field("password", texts["password"], "password", "new-password")
        hidden = f'<input type="hidden" name="token" value="{escape(token)}">'
        rows = f'{problem}<form method="post" action="{action}">{hidden}{login}{password}'
        return page(f"{rows}<button>{texts['go']}</button></form>", status)

    @router.get("/link", dependencies=[allow(PUBLIC)])
    async def show(token: Annotated[str, Query(max_length=MAX_TOKEN)]) -> Response:
        return form(token, "link/form")

    @router.post("/link/form", dependencies=[allow(PUBLIC)], max_body_size=MAX_BODY)
    async def take(request: Request) -> Response:
        body = await request.body()
        fields = {name: values[0] for name, values in parse_qs(body[:MAX_FORM].decode("utf-8", "replace")).items()}
        token, password = fields.get("token", "")[:MAX_TOKEN], fields.get("password", "")[: MAX_PASSWORD + 1]
        try:
            found = await control.use_link(token, password, fields.get("login", ""), *origin_of(request))
        except Refused as refusal:
            return form(token, "form", _said(texts, refusal), refusal.status)
        answer = page(f"<p>{escape(texts['done'].format(login=found.person.login))}</p>")
        entered(request, answer, found)
        return answer

    return router


def _field(name: str, label: str, kind: str, fills: str) -> str:
    return f'<p><label>{label}<br><input name="{name}" type="{kind}" autocomplete="{fills}" required></label></p>'


def _said(texts: dict[str, str], refusal: Refused) -> str:
    return f'<p role="alert">{escape(texts["refused"].format(reason=refusal))}</p>'
