"""Registers phones without a SIPp run for each: what most behaviours need before they begin."""

from __future__ import annotations

import hashlib
import os
import re
import socket

ANSWER_S = 2.0
TRIES = 15


class PhoneFailed(Exception):
    """The PBX did not take a registration."""


def register(address: str, pbx: str, user: str, secret: str, expires_s: int = 60) -> None:
    """REGISTER with MD5 digest (RFC 3261 section 22) for the phone at `address`:5060; `expires_s` 0 unregisters.

    It is sent from any port, since SIPp may sit on the phone's own already.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind((address, 0))
        plug.settimeout(ANSWER_S)
        via = f"{address}:{plug.getsockname()[1]}"
        call_id = os.urandom(8).hex()
        answer = _ask(plug, pbx, 1, _request(via, pbx, user, call_id, 1, expires_s))
        if answer.startswith("SIP/2.0 401"):
            line = _authorization(answer, pbx, user, secret)
            answer = _ask(plug, pbx, 2, _request(via, pbx, user, call_id, 2, expires_s, line))
        if not answer.startswith("SIP/2.0 200"):
            raise PhoneFailed(f"phone {user}: REGISTER got {answer.splitlines()[0]!r}")


def _ask(plug: socket.socket, pbx: str, cseq: int, request: bytes) -> str:
    for _ in range(TRIES):
        plug.sendto(request, (pbx, 5060))
        try:
            while True:
                answer = plug.recv(65536).decode()
                # The answer to a repetition of the request before may come late.
                ours = f"\r\nCSeq: {cseq} REGISTER\r\n" in answer
                if ours and answer.startswith("SIP/2.0 ") and not answer.startswith("SIP/2.0 1"):
                    return answer
        except TimeoutError:
            continue
    raise PhoneFailed(f"REGISTER got no answer from {pbx}")


def _request(via: str, pbx: str, user: str, call_id: str, cseq: int, expires_s: int, authorization: str = "") -> bytes:
    lines = [
        f"REGISTER sip:{pbx}:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP {via};branch=z9hG4bK{os.urandom(8).hex()};rport",
        f"From: <sip:{user}@{pbx}>;tag={call_id[:6]}",
        f"To: <sip:{user}@{pbx}>",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} REGISTER",
        f"Contact: <sip:{user}@{via.partition(':')[0]}:5060;transport=UDP>",
        *([authorization] if authorization else []),
        f"Expires: {expires_s}",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _authorization(challenge: str, pbx: str, user: str, secret: str) -> str:
    line = next(line for line in challenge.splitlines() if line.startswith("WWW-Authenticate") and "MD5" in line)
    asked = dict(re.findall(r'(\w+)="?([^",]*)"?', line))
    uri, cnonce = f"sip:{pbx}:5060", os.urandom(4).hex()
    first, second = _md5(f"{user}:{asked['realm']}:{secret}"), _md5(f"REGISTER:{uri}")
    response = _md5(f"{first}:{asked['nonce']}:00000001:{cnonce}:auth:{second}")
    return (
        f'Authorization: Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{cnonce}"'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
