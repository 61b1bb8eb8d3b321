"""The routes of the HTTP API as a page of docs: every path with its right and what it does, of the OpenAPI document."""

from __future__ import annotations

from typing import Any

HEAD = """# Routes of the HTTP API

Made of the OpenAPI description (`GET /api/v1/openapi.json`), which has parameters, bodies, answers and examples too;
how to come in, pages, errors and repeated requests are in [api.md](api.md). Paths begin after `/api/v1`.
Renew this page with `WRITE_DOCS=1 python -m pytest tests/pbx/api/rest/test_description.py -k page`.
"""
METHODS = ("get", "head", "post", "put", "patch", "delete")


def reference(document: dict[str, Any]) -> str:
    """Markdown: a table for each tag, in the order of their names."""
    tables: dict[str, list[str]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method in METHODS:
            if (operation := operations.get(method)) is None:
                continue
            tag = (operation.get("tags") or ["other"])[0]
            right = ", ".join(f"`{name}`" for name in operation.get("x-permissions", ())) or "none"
            summary = operation.get("summary", "").replace("|", "\\|")
            tables.setdefault(tag, []).append(f"| `{method.upper()} {path}` | {right} | {summary} |")
    parts = [HEAD]
    for tag in sorted(tables):
        parts.append(
            "\n".join((f"\n## {tag.capitalize()}\n", "| route | right | what |", "|---|---|---|", *tables[tag]))
        )
    return "\n".join(parts) + "\n"
