"""Random calls between two user agents over a link that loses, doubles and reorders (security.md R16).

Whatever both sides do and whatever gets lost: in the end both are idle, no timer runs, each call ended once at each
side, and while it stood both agreed on the same descriptions of it. Seeded and in virtual time; CENTRALA_LOSSY_SCRIPTS
says how many scripts are played (a night's run: 200000).
"""

from __future__ import annotations

import os
import random

import pytest

from pbx.sip.extensions import Extensions
from tests.support.sip_pair import SDP, Recorder, SipNetwork, lossy

SCRIPTS = int(os.environ.get("CENTRALA_LOSSY_SCRIPTS", "6000"))
PARTS = 16
ENDS = {"ended", "failure", "cancelled"}
ACTIONS = (
    "ring",
    "early",
    "accept",
    "accept",
    "accept",
    "reject",
    "end",
    "bye",
    "reinvite",
    "ask for an offer",
    "update",
    "hold",
    "info",
    "refer",
    "notify",
    "message",
)


class Party(Recorder):
    """Answers offers with a description of its own, each with another port."""

    def __init__(self, chance: random.Random, first_port: int) -> None:
        super().__init__(lambda session, request: None)
        self.chance = chance
        self.port = first_port
        self.on_offer = self._on_offer
        self.take_status = 202

    def sdp(self, direction: bytes = b"sendrecv") -> bytes:
        self.port += 2
        return SDP.replace(b"4000", b"%d" % self.port) + b"a=" + direction + b"\r\n"

    def _on_offer(self, session, body):
        if self.chance.random() < 0.1:
            session.reject_reinvite(488)
        else:
            session.accept_reinvite(self.sdp())

    def on_progress(self, session, status, reason, body, response):
        self.events.append(("progress", status))
        return self.sdp() if body else None

    def on_answer(self, session, body, response):
        self.events.append(("answer", body))
        return self.sdp()

    def on_reinvite_answer(self, session, status, body):
        self.events.append(("reinvite answer", status, body))
        return self.sdp()


class Script:
    """One random call."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.net = SipNetwork(lossy(seed, loss=chance.choice((0.0, 0.2, 0.2, 0.3)), duplicate=0.1))
        self.caller, self.callee = Party(chance, 4000), Party(chance, 6000)
        self.alice = self.net.add("127.0.0.1", self.caller)
        self.bob = self.net.add("127.0.0.2", self.callee)
        for peer in (self.alice, self.bob):
            peer.ua.random = random.Random(chance.random())
            peer.ua.extensions = Extensions(
                chance.choice(("never", "supported", "supported")),
                chance.choice(("never", "supported", "supported", "always")),
                chance.choice((90, 120, 1800)),
            )
        lines = chance.choice(([], [], ["Require: 100rel"], ["Require: timer"]))
        body = b"" if chance.random() < 0.2 else self.caller.sdp()
        self.near = self.alice.invite(self.bob, body=body, observer=self.caller, headers=lines)

    def play(self) -> None:
        chance = self.chance
        for _ in range(chance.randint(1, 10)):
            self.net.run(chance.choice((0.0, 0.02, 0.2, 1.0, 3.0)))
            self.act(chance.choice(ACTIONS), chance.random() < 0.5)
        self.net.run(chance.choice((1.0, 40.0, 400.0)))
        self.check_agreement()

    def act(self, what: str, by_caller: bool) -> None:
        party = self.caller if by_caller else self.callee
        if by_caller:
            session = self.near
        elif self.callee.sessions:
            session = self.callee.sessions[0]
        else:
            return
        if what == "ring":
            session.progress(180)
        elif what == "early":
            offerless = not by_caller and not session.offered
            if not offerless or session.wants_early_offer:
                session.progress(183, None, party.sdp())
        elif what == "accept":
            session.accept(party.sdp())
        elif what == "reject":
            session.reject(486)
        elif what == "end":
            session.end(480)
        elif what == "bye" and self.chance.random() < 0.3:
            session.bye()
        elif what == "reinvite":
            session.reinvite(party.sdp())
        elif what == "ask for an offer":
            session.reinvite(b"")
        elif what == "update":
            session.update(party.sdp())
        elif what == "hold":
            session.reinvite(party.sdp(b"sendonly"))
        elif what == "info":
            session.info(b"Signal=1\r\n", "application/dtmf-relay")
        elif what in ("refer", "notify", "message") and session.state == "confirmed":
            session.send(what.upper(), headers=["Refer-To: <sip:1@h>", "Event: refer"])

    def check_agreement(self) -> None:
        """Two quiet sides of a standing call think the same of it."""
        if not self.callee.sessions:
            return
        far = self.callee.sessions[0]
        if self.near.state != "confirmed" or far.state != "confirmed":
            return
        layers = (self.alice.ua.layer, self.bob.ua.layer)
        if any(transaction.user is not None for layer in layers for transaction in layer.clients.values()):
            return  # something is under way
        if any(
            session.acceptance or (session.renegotiation and session.renegotiation.timer_id)
            for session in (self.near, far)
        ):
            return
        assert self.near.remote_sdp == far.local_sdp
        assert far.remote_sdp == self.near.local_sdp

    def finish(self) -> None:
        """Everybody hangs up, twice: the second time nothing may be left to do."""
        for _ in range(2):
            for session in (self.near, *self.callee.sessions):
                session.end(480)
            self.net.run(400)
        self.net.run_until_idle(self.net.now + 1)
        for peer in (self.alice, self.bob):
            assert peer.is_clean(), (peer.ua.sessions, peer.ua.layer.clients, peer.ua.layer.servers, peer.timers.armed)
            assert peer.ua.errors == 0
        for party in (self.caller, self.callee):
            names = party.names()
            ends = [name for name in names if name in ENDS]
            assert len(ends) <= 1, party.events
            assert not ends or names[-1] == ends[0], party.events
            assert names.count("answer") <= 1
            assert names.count("established") <= 1
        assert self.near.state == "terminated"
        assert all(session.state == "terminated" for session in self.callee.sessions)


@pytest.mark.parametrize("part", range(PARTS))
def test_random_calls_over_a_bad_network_leave_nothing_behind(part):
    for seed in range(part, SCRIPTS, PARTS):
        script = Script(seed)
        try:
            script.play()
            script.finish()
        except BaseException as error:
            error.add_note(f"script {seed}")
            raise
