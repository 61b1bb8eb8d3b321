"""Asks every operation of the HTTP API what schemathesis makes up out of its description, right and wrong, and judges
the answers: no fault of ours, and no status, content type or shape that is not described.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.errors import SchemathesisError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.house import RECORDED
from tests.support.house_thread import HouseThread

USUAL = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}  # of what is right and what is wrong, in `make test`
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# What would end the run: the streams have no end, the account is the one that asks, children take seconds.
APART = ("/live", "/session", "/sessions", "/link", "/oidc/", "/flow-replay")
SLOW = ("/reports/", "/prompts/sound", "/exports")


# What there is, for parameters of paths: at random none of it would ever be found.
KNOWN = {
    "/queues/": {"name": "sales"},
    "/flows/": {"name": "hotline"},
    "/flow-templates/": {"name": "hotline"},
    "/trunks/": {"name": "carrier"},
    "/rooms/": {"name": "board"},
    "/selftests/": {"name": "line"},
    "/reports/": {"name": "queues"},
    "/voicemail/": {"box": "101"},
    "/customers/": {"number": "+48600100200"},
    "/": {"call_id": RECORDED, "recording": RECORDED, "extension": "101"},
}


def _things(there: HouseThread, headers: dict[str, str]) -> dict[str, str]:
    """Makes what only a request makes, and gives its ids by the parameter's name and the beginning of its path."""
    with httpx.Client(base_url=there.url, headers=headers, timeout=60) as client:

        def made(path: str, body: dict[str, Any]) -> str:
            found: str = client.post(path, json=body).raise_for_status().json().get("id", "")
            return found

        made("/customers", {"rows": [{"numbers": ["+48600100200"], "name": "Anna"}], "batch": "house"})
        return {
            "/contacts/": made("/contacts", {"number": "+48600100201", "queue": "sales"}),
            "/callbacks/": made("/callbacks", {"number": "+48600100202", "queue": "sales"}),
            "/sms/": made("/sms", {"to": "+48600100203", "text": "Hello"}),
        }


def _known(case: Any, ids: dict[str, str]) -> None:
    """Puts what there is into a request's path."""
    found: dict[str, str] = {}
    for start, names in KNOWN.items():
        if case.path.startswith(start):
            found = {**names, **found}
    for start, thing in ids.items():
        if case.path.startswith(start):
            found |= {"contact": thing, "message": thing}
    for name in case.path_parameters or {}:
        if name in found:
            case.path_parameters[name] = found[name]


def ask_everything(
    there: HouseThread, description: dict[str, Any], examples: int = 0
) -> tuple[list[str], dict[str, Counter[int]]]:
    """What was wrong, and how often each operation answered with which status. `examples` of each, at random; 0: some,
    always the same.
    """
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=there.url)
    headers = {"authorization": f"Bearer {there.token}"}
    ids = _things(there, headers)
    answered: dict[str, Counter[int]] = {}
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith(APART):
            continue
        counted = answered.setdefault(f"{operation.method.upper()} {operation.path}", Counter())
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not examples and not operation.body:
                continue  # what is wrong with parameters is refused alike everywhere
            try:
                _ask(operation, mode, headers, counted, ids, examples)
            except (BaseExceptionGroup, SchemathesisError) as failure:  # all of them are told at once
                failures.append(f"{operation.method.upper()} {operation.path} ({mode.value}):\n{failure}")
    return failures, answered


def _ask(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    answered: Counter[int],
    ids: dict[str, str],
    examples: int,
) -> None:
    count = examples or USUAL[mode]
    if operation.path.startswith(SLOW):
        count = 1 + examples // 20

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and answered.total() % 2 == 0:
            _known(case, ids)
        response = case.call(headers=headers, timeout=60)
        answered[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    if not examples:
        ask = seed(7)(ask)
    try:
        ask()
    except BaseException as error:
        if type(error).__name__ in ("Unsatisfiable", "SkipTest", "Skipped"):
            return  # nothing can be wrong with a request that has neither parameters nor a body
        raise
