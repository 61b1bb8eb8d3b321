"""R16 of security.md against the running PBX: phones go on calling over a network that loses, doubles and reorders."""

from __future__ import annotations

import re
import threading

import pytest

from pbx.sip import digest
from tests.integration import bare
from tests.integration.bare import Bare
from tests.integration.conftest import SECRETS, House
from tests.support.bad_network import DUPLICATES, LOSS, BadNetwork

PHONES = 8
CYCLES = 13  # of each phone
COMPLETE = 0.98


def cycle(phone: Bare) -> bool:
    """Registers, calls the echo test, acknowledges every answer that comes again, hangs up."""
    if phone.register().status != 200:
        return False
    talk = phone.call("601")
    if talk.status != 200:
        return False
    for _ in range(3):
        again = phone.receive(0.02)
        if again is not None and getattr(again, "status", 0) == 200 and again.cseq_method == "INVITE":
            phone.ack(talk.request, talk.answer)
    return talk.bye() == 200


def run(phone: Bare, done: list[bool]) -> None:
    for _ in range(CYCLES):
        try:
            done.append(cycle(phone))
        except AssertionError:  # no answer within its time
            done.append(False)
        phone.waiting.clear()


def forget(phone: Bare) -> int:
    """Takes back whatever is registered for the phone's account, by a good network."""
    uri, headers, status = f"sip:{phone.pbx[0]}", ["Expires: 0"], 0
    for cseq in (1, 2):
        data = phone.message("REGISTER", uri, to=phone.me, cseq=cseq, headers=headers)
        answer = phone.final(re.sub(rb"Contact: [^\r]*", b"Contact: *", data))
        status = answer.status
        if status == 401:
            value = digest.answer(answer.headers("WWW-Authenticate"), "REGISTER", uri, phone.user, phone.secret)
            headers = ["Expires: 0", f"Authorization: {value}"]
    return status


def test_register_call_bye_over_a_bad_network(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare, "REPEAT_S", 0.1)  # twice the PBX's T1
    done: list[bool] = []
    with BadNetwork((house.host(120), 5060), (house.host(1), 5060)) as network:
        phones = [Bare(house.host(121 + n), house.host(120), user, SECRETS[user]) for n, user in enumerate(SECRETS)]
        threads = [threading.Thread(target=run, args=(phone, done), daemon=True) for phone in phones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "a phone is stuck"
        for phone in phones:
            phone.close()
        sent = network.passed - network.doubled + network.lost
        assert network.lost > 0.8 * LOSS * sent, "the network was not bad"
        assert network.doubled > 0.5 * DUPLICATES * sent
        assert network.overtaken
    assert len(done) == PHONES * CYCLES >= 100
    assert done.count(True) >= COMPLETE * len(done), f"{done.count(False)} of {len(done)} failed"
    house.idle()  # 0 stuck
    house.until(lambda: house.leaks()["transactions"] == 0, "transactions over")
    for user in SECRETS:
        with house.phone(user) as phone:
            assert forget(phone) == 200
    assert house.process.control.get("/registrations") == []
