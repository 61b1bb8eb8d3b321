"""The frame of the few pages that we show people before there is a panel.

One stylesheet, which the security policy lets through by its hash, no script, nothing from elsewhere. Readable on a
phone, in the dark, and with the browser's own font size; contrast is above 4.5 to 1 (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

from pbx.config_base import Language

STYLE = (
    ":root{color-scheme:light dark;--ground:#f4f5f7;--sheet:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#8c959f;"
    "--act:#0b57b8;--on:#fff;--bad:#a40e26}"
    "@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--sheet:#161b22;--ink:#e6edf3;--soft:#9aa4af;"
    "--edge:#6e7681;--act:#79b8ff;--on:#0d1117;--bad:#ff9a9a}}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif}"
    "main{box-sizing:border-box;width:min(26rem,100vw);padding:2rem;background:var(--sheet);border-radius:.5rem}"
    "h1{margin:0 0 1rem;font-size:1.375rem;line-height:1.25}p{margin:0 0 1rem}label{display:block;font-weight:600}"
    "input{box-sizing:border-box;width:100%;margin-top:.25rem;padding:.625rem;border:1px solid var(--edge);"
    "border-radius:.375rem;background:var(--sheet);color:inherit;font:inherit;font-weight:400}"
    "button{width:100%;padding:.75rem;border:0;border-radius:.375rem;background:var(--act);color:var(--on);"
    "font:inherit;font-weight:600;cursor:pointer}"
    "input:focus-visible,button:focus-visible{outline:3px solid var(--act);outline-offset:2px}"
    "[role=alert]{padding:.75rem;border-left:4px solid var(--bad);color:var(--bad)}small{color:var(--soft)}"
)
STYLE_SOURCE = "'sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode() + "'"
# Of every answer: nothing is loaded or run, no other site frames it, forms come back to us.
POLICY = f"default-src 'none'; style-src {STYLE_SOURCE}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def page(
    language: Language, title: str, body: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """`body` is HTML, `title` a text."""
    head = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style>'
    )
    return HTMLResponse(f"{head}<main><h1>{escape(title)}</h1>{body}</main></html>", status, headers)
