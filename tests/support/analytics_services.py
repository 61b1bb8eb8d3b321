"""GA4, Bitrix24 and amoCRM as their public documentation describes them, strict where they are: what they would drop
silently is a fault here. Written from the documentation and not from our code.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

Reply = tuple[int, Any]
GA_KEYS = {
    *("client_id", "user_id", "timestamp_micros", "user_properties", "user_data", "consent", "user_location"),
    *("ip_override", "device", "user_agent", "non_personalized_ads", "validation_behavior", "events"),
}
GA_RESERVED = ("session_start", "first_visit", "user_engagement", "app_install", "error", "first_open")


class Ga4:
    """/mp/collect. `events`: what was taken, `faults`: what would have been dropped."""

    def __init__(self, measurement_id: str, api_secret: str, now: Callable[[], float] = time.time) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self._ids, self._now = (measurement_id, api_secret), now

    def answer(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != "/mp/collect" or (query.get("measurement_id"), query.get("api_secret")) != self._ids:
            self.faults.append(f"asked for {parts.path} as {query.get('measurement_id')}")
            return 204, None  # GA says nothing to whoever it does not know
        if len(body) >= 130_000:
            self.faults.append("the body is over 130 kB")
        told = json.loads(body)
        wrong = self._wrong(told)
        if wrong:
            self.faults += wrong
        else:
            self.events += [
                {"client_id": told["client_id"], "at": told.get("timestamp_micros"), **event}
                for event in told["events"]
            ]
        return 204, None

    def _wrong(self, told: dict[str, Any]) -> list[str]:
        found = [f"unknown key {key}" for key in told if key not in GA_KEYS]
        if not isinstance(told.get("client_id"), str) or not told["client_id"]:
            found.append("no client_id")
        at = told.get("timestamp_micros")
        if at is not None and (not isinstance(at, int) or not 0 <= self._now() - at / 1e6 + 60 <= 72 * 3600 + 60):
            found.append("timestamp_micros is out of range")
        if not isinstance(told.get("events"), list) or not 1 <= len(told["events"]) <= 25:
            found.append("1 to 25 events")
            return found
        for event in told["events"]:
            found += self._event(event)
        return found

    def _event(self, event: dict[str, Any]) -> list[str]:
        found = []
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", str(event.get("name"))) or event["name"] in GA_RESERVED:
            found.append(f"the name {event.get('name')}")
        params = event.get("params", {})
        if len(params) > 25:
            found.append("more than 25 parameters")
        for name, value in params.items():
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name) or name.startswith(
                ("google_", "ga_", "firebase_")
            ):
                found.append(f"the parameter {name}")
            if isinstance(value, str) and len(value) > 100:
                found.append(f"{name} is longer than 100 characters")
            if isinstance(value, dict | list) and name != "items":
                found.append(f"{name} is nested")
        if not re.fullmatch(r"\d+", str(params.get("session_id", ""))) or not int(
            params.get("engagement_time_msec", 0)
        ):
            found.append("session_id and engagement_time_msec are what reports need")
        if "value" in params and not re.fullmatch(r"[A-Z]{3}", str(params.get("currency", ""))):
            found.append("a value needs a currency")
        return found


class Bitrix24:
    """/rest/batch.json with the methods that telephony uses. `calls` by CALL_ID, `leads` by id, `tasks`."""

    def __init__(self, auth: str = "") -> None:
        self.calls: dict[str, dict[str, str]] = {}
        self.leads: dict[int, dict[str, str]] = {}
        self.tasks: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.auth = auth

    def answer(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        told = json.loads(body)
        if self.auth and told.get("auth") != self.auth:
            return 401, {"error": "expired_token", "error_description": "The access token provided has expired."}
        if not urlsplit(url).path.endswith("/batch.json") or len(told["cmd"]) > 50:
            self.faults.append(f"asked {url}")
            return 404, {"error": "ERROR_METHOD_NOT_FOUND"}
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, command in told["cmd"].items():
            method, _, query = command.partition("?")
            given = {key: self._referred(value, results) for key, value in parse_qsl(query, keep_blank_values=True)}
            try:
                results[name] = self._run(method.lower(), given)
            except (KeyError, ValueError) as error:
                errors[name] = {"error": "ERROR_CORE", "error_description": str(error)}
                if int(told.get("halt", 0)):
                    break
        return 200, {"result": {"result": results, "result_error": errors, "result_total": {}, "result_next": {}}}

    def _referred(self, value: str, results: dict[str, Any]) -> str:
        found = re.fullmatch(r"\$result\[(\w+)\](?:\[(\w+)\])?", value)
        if found is None:
            return value
        result = results[found[1]]
        return str(result[found[2]] if found[2] else result)

    def _run(self, method: str, given: dict[str, str]) -> Any:
        if method == "crm.lead.add":
            if not given.get("fields[TITLE]") or not given.get("fields[PHONE][0][VALUE]"):
                raise ValueError("a lead needs TITLE and PHONE")
            self.leads[len(self.leads) + 1] = given
            return len(self.leads)
        if method == "telephony.externalcall.register":
            if not (given.get("USER_ID") or given.get("USER_PHONE_INNER")) or given["TYPE"] not in "12345":
                raise ValueError("USER_ID or USER_PHONE_INNER, PHONE_NUMBER and TYPE are needed")
            time.strptime(given["CALL_START_DATE"][:19], "%Y-%m-%dT%H:%M:%S")
            call_id = f"externalCall.{len(self.calls) + 1}"
            self.calls[call_id] = dict(given, phone=given["PHONE_NUMBER"])
            return {"CALL_ID": call_id, "CRM_CREATED_LEAD": None}
        if method == "telephony.externalcall.finish":
            self.calls[given["CALL_ID"]] |= {"DURATION": str(int(given["DURATION"])), "STATUS": given["STATUS_CODE"]}
            return {"CALL_ID": given["CALL_ID"]}
        if method == "tasks.task.add":
            if not given.get("fields[TITLE]") or not int(given["fields[RESPONSIBLE_ID]"]):
                raise ValueError("TITLE and RESPONSIBLE_ID are needed")
            self.tasks.append(given)
            return {"task": {"id": len(self.tasks)}}
        raise ValueError(f"there is no method {method}")


class AmoCrm:
    """/api/v4: incoming leads, calls of numbers that it knows, tasks."""

    def __init__(self, token: str) -> None:
        self.leads: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.known: set[str] = set()
        self.faults: list[str] = []
        self.token = token

    def answer(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"title": "Unauthorized"}
        told, path = json.loads(body), urlsplit(url).path
        if not isinstance(told, list):
            self.faults.append("the body is no array")
            return 400, {"title": "Bad Request"}
        needed = {
            "/api/v4/leads/unsorted/sip": ({"source_uid", "source_name", "metadata"}, self.leads),
            "/api/v4/calls": ({"direction", "duration", "source", "phone"}, self.calls),
            "/api/v4/tasks": ({"text", "complete_till"}, self.tasks),
        }
        if path not in needed:
            return 404, {"title": "Not found"}
        fields, place = needed[path]
        for item in told:
            if fields - item.keys():
                self.faults.append(f"{path} lacks {fields - item.keys()}")
                return 400, {"title": "Bad Request"}
            if path.endswith("/calls") and item["phone"] not in self.known:
                return 400, {"errors": [{"status": 263, "title": "Entity not found", "detail": "Entity not found"}]}
            place.append(item)
        return 200, {"_total_items": len(told)}


class Served:
    """A service on the network, for black-box tests. While `down` it answers 503."""

    def __init__(self, host: str, port: int, answer: Callable[[str, dict[str, str], bytes], Reply]) -> None:
        self.down = False
        self.refused = 0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if served.down:
                    served.refused += 1
                    status, told = 503, {"error": "down"}
                else:
                    status, told = answer(self.path, dict(self.headers), body)
                data = json.dumps(told).encode() if told is not None else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
