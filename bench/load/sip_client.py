"""A minimal SIP client for load tests: templates, so that it costs little and shares no code with the product."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket

SDP = (
    "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
)


def header(message: str, name: str) -> str:
    """The value of the first `name` header, or an empty text."""
    match = re.search(rf"^{name}\s*:\s*(.*?)\r?$", message, re.I | re.M)
    return match.group(1) if match else ""


def copied(message: str) -> str:
    """The headers that a response repeats from its request, Via lines all of them."""
    vias = re.findall(r"^(?:Via|v)\s*:.*\r\n", message, re.I | re.M)
    return "".join(vias) + "".join(f"{n}: {header(message, n)}\r\n" for n in ("From", "To", "Call-ID", "CSeq"))


def md5_authorization(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """The Authorization value for an MD5 challenge with qop=auth (RFC 7616 section 3.4)."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    realm, nonce, cnonce = fields["realm"], fields["nonce"], secrets.token_hex(4)

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1, ha2 = md5(f"{user}:{realm}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        f'algorithm=MD5, cnonce="{cnonce}", nc=00000001, qop=auth'
    )


def register(
    target: str, user: str, password: str, *, local: tuple[str, int], contact: str, expires: int = 3600
) -> None:
    """Registers `contact` for `user`; the request comes from `local`. Raises RuntimeError with the refusal."""
    host, port = target.split(":")
    uri, call_id, tag = f"sip:{host}", secrets.token_hex(8), secrets.token_hex(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(local)
        sock.settimeout(5)
        authorization = ""
        for sequence in (1, 2):
            sock.sendto(
                (
                    f"REGISTER {uri} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP {local[0]}:{local[1]};rport;branch=z9hG4bK{secrets.token_hex(8)}\r\n"
                    f"Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag={tag}\r\nTo: <sip:{user}@{host}>\r\n"
                    f"Call-ID: {call_id}\r\nCSeq: {sequence} REGISTER\r\nContact: <{contact}>;expires={expires}\r\n"
                    f"{authorization}Content-Length: 0\r\n\r\n"
                ).encode(),
                (host, int(port)),
            )
            reply = sock.recvfrom(65535)[0].decode()
            if reply.startswith("SIP/2.0 200"):
                return
            challenges = [v for v in re.findall(r"^WWW-Authenticate:\s*(.*?)\r$", reply, re.I | re.M) if "SHA" not in v]
            if not reply.startswith("SIP/2.0 401") or not challenges:
                break
            authorization = f"Authorization: {md5_authorization(challenges[0], 'REGISTER', uri, user, password)}\r\n"
    raise RuntimeError(f"REGISTER of {user} at {target} was refused: {reply.splitlines()[0]}")
