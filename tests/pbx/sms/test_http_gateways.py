"""The HTTP gateways against local services, and what those tell us over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pbx.api.sms_web import sms_web_routes
from pbx.sms.twilio import is_signed
from tests.pbx.sms.world import NUMBER, World
from tests.support.sms_services import SID, SmsApi, Twilio, twilio_signature

PUBLIC = "https://pbx.example"
SECRET = "a-secret-part-of-the-path"
TOKEN = "token-of-ours"


def world(url: str, kind: str, **more: Any) -> World:
    account = {"account": SID, "sender": "+48500100100"} if kind == "twilio" else {"callback_secret": SECRET}
    gateway = {"name": "web", "kind": kind, "url": url, "token": TOKEN, "per_second": 1000.0, **account, **more}
    return World({"gateway": [gateway], "public_url": PUBLIC})


def client(found: World) -> httpx.AsyncClient:
    app = Starlette(routes=sms_web_routes(found.service))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=PUBLIC)


async def test_smsapi_sends_and_reports() -> None:
    async with SmsApi() as service, world(service.url, "smsapi", sender="Firma") as found, client(found) as web:
        ticket = await found.send("Zażółć & co = 5 €", key="one")
        accepted = await found.until(ticket, "accepted")
        form = service.taken[ticket.id]
        assert (form["to"], form["message"], form["from"]) == (NUMBER[1:], "Zażółć & co = 5 €", "Firma")
        assert form["notify_url"] == f"{PUBLIC}/sms/web/{SECRET}"
        assert (accepted.cost, accepted.currency) == (0.16, "points")
        report = {"MsgId": "id-1", "status": "404", "status_name": "DELIVERED", "idx": ticket.id, "username": "x"}
        wrong = await web.get("/sms/web/guessed-secret", params=report)
        assert (wrong.status_code, found.state(ticket)) == (403, "accepted")
        right = await web.get(f"/sms/web/{SECRET}", params=report)
        assert (right.status_code, right.text, found.state(ticket)) == (200, "OK", "delivered")


async def test_smsapi_never_sends_a_message_twice() -> None:
    """The answer is lost: the same message is given again, and its 'not unique' is the answer."""
    async with SmsApi() as service:
        service.faults = [None]
        async with world(service.url, "smsapi") as found:
            ticket = await found.send()
            await found.until(ticket, "in_doubt")
        async with found.killed() as later:
            await later.until(ticket, "accepted")
        assert [request[2]["idx"] for request in service.requests] == [ticket.id, ticket.id]
        assert len(service.taken) == 1


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        ((200, '{"error": 14, "message": "Wrong from"}'), "refused", "smsapi_14: Wrong from"),
        ((200, '{"error": 103, "message": "Insufficient credits"}'), "accepted", ""),
        ((200, '{"error": 201, "message": "System error"}'), "accepted", ""),
        ((503, "busy"), "accepted", ""),
        ((200, "what is this"), "in_doubt", "http_200 without a result"),
        ((200, '{"count": 1, "list": []}'), "in_doubt", "an answer without a list"),
    ],
)
async def test_smsapi_refuses(fault: tuple[int, str], state: str, error: str) -> None:
    async with SmsApi() as service:
        service.faults = [fault]
        async with world(service.url, "smsapi") as found:
            ticket = await found.send()
            message = await found.until(ticket, state)
    assert (message.error, message.attempts) == (error, 1)


async def test_twilio_sends_and_reports_signed() -> None:
    async with Twilio(TOKEN) as service, world(service.url, "twilio") as found, client(found) as web:
        ticket = await found.send("Zażółć")
        message = await found.until(ticket, "accepted")
        sid = message.sent[0].id
        method, _path, form, _headers = service.requests[0]
        assert (method, form["To"], form["From"], form["Body"]) == ("POST", NUMBER, "+48500100100", "Zażółć")
        assert form["StatusCallback"] == f"{PUBLIC}/sms/web"
        told = [("MessageSid", sid), ("MessageStatus", "undelivered"), ("ErrorCode", "30005"), ("To", NUMBER)]
        wrong = await web.post("/sms/web", data=dict(told), headers={"x-twilio-signature": "AAAA"})
        assert (wrong.status_code, found.state(ticket)) == (403, "accepted")
        signed = {"x-twilio-signature": twilio_signature(TOKEN, f"{PUBLIC}/sms/web", told)}
        right = await web.post("/sms/web", data=dict(told), headers=signed)
        assert right.status_code == 204
        assert found.store.messages[ticket.id].error == "twilio_30005"
        assert found.state(ticket) == "failed"


async def test_twilio_finds_what_it_took_and_rejects_what_it_must() -> None:
    async with Twilio(TOKEN) as service:
        service.faults = [None]
        async with world(service.url, "twilio") as found:
            ticket = await found.send("Only once")
            await found.until(ticket, "in_doubt")
        async with found.killed() as later:
            message = await later.until(ticket, "accepted")
            refused = await later.send(to="+48600100299")
            assert (await later.until(refused, "refused")).error == "twilio_21211"
        assert message.sent[0].id == service.messages[0]["sid"]
        assert len(service.messages) == 1


async def test_a_service_that_is_not_there_gets_it_when_it_is() -> None:
    service = Twilio(TOKEN)
    async with service:
        url = service.url
    async with world(url, "twilio") as found:
        ticket = await found.send()
        await found.wait(lambda: "sms.requeued" in found.kinds(ticket))
        port = int(url.rpartition(":")[2])
        service._server = await asyncio.start_server(service._serve, "127.0.0.1", port)
        await found.until(ticket, "accepted")
        await service.__aexit__()
    assert found.store.messages[ticket.id].attempts == 1


async def test_replies_by_both_ways_are_kept_once() -> None:
    async with Twilio(TOKEN) as service, world(service.url, "twilio") as found, client(found) as web:
        said = [
            ("MessageSid", "SM1"),
            ("From", NUMBER),
            ("To", "+48500100100"),
            ("Body", "Halo żółw"),
            ("NumMedia", "0"),
        ]
        signed = {"x-twilio-signature": twilio_signature(TOKEN, f"{PUBLIC}/sms/web", said)}
        for _ in range(2):  # Twilio asks again when the answer was lost
            answer = await web.post("/sms/web", data=dict(said), headers=signed)
            assert (answer.status_code, "<Response>" in answer.text) == (200, True)
        assert [each.text for each in found.store.inbox.values()] == ["Halo żółw"]
    async with SmsApi() as service, world(service.url, "smsapi") as found, client(found) as web:
        form = {"sms_from": NUMBER[1:], "sms_to": "500100100", "sms_text": "Tak", "sms_date": "1", "MsgId": "A1"}
        for _ in range(2):
            assert (await web.post(f"/sms/web/{SECRET}", data=form)).text == "OK"
        assert [(each.number, each.text) for each in found.store.inbox.values()] == [(NUMBER, "Tak")]


async def test_what_cannot_be_kept_is_not_acknowledged_and_strangers_learn_nothing() -> None:
    async with SmsApi() as service, world(service.url, "smsapi") as found, client(found) as web:

        async def fail(_inbound: object) -> bool:
            raise RuntimeError("the disk is full")

        found.store.received = fail  # type: ignore[method-assign]
        form = {"sms_from": NUMBER[1:], "sms_text": "Tak"}
        assert (await web.post(f"/sms/web/{SECRET}", data=form)).status_code == 503
        assert (await web.post("/sms/web", data=form)).status_code == 404
        assert (await web.post("/sms/none/x", data=form)).status_code == 404
        assert (await web.post(f"/sms/web/{SECRET}", content="a" * 70_000)).status_code == 413


async def test_links_lead_on_and_are_counted() -> None:
    async with SmsApi() as service, world(service.url, "smsapi") as found, client(found) as web:
        ticket = await found.send("See {link:https://shop.example/a?b=1}", variables={})
        text = service.taken[(await found.until(ticket, "accepted")).id]["message"]
        short = text.removeprefix("See ")
        assert short.startswith(f"{PUBLIC}/s/")
        for _ in range(2):
            answer = await web.get(short)
            assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/a?b=1")
        dead = await web.get("/s/0123456789", headers={"accept-language": "pl"})
        assert (dead.status_code, "Ten link już nie działa" in dead.text) == (404, True)
        assert found.service.links.clicks() == {ticket.id: 2}
        assert found.kinds(ticket)[-1] == "sms.clicked"


def test_the_signature_of_twilio_s_own_example() -> None:
    """From https://www.twilio.com/docs/usage/security, "Validating signatures from Twilio"."""
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert is_signed("12345", url, form, "GvWf1cFY/Q7PnoempGyD5oXAezc=")
    assert not is_signed("12345", url, form[:-1], "GvWf1cFY/Q7PnoempGyD5oXAezc=")
