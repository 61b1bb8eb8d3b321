"""STUN keep-alives on the SIP port (RFC 5626 section 4.4.2): a Binding request gets the address it came from."""

from __future__ import annotations

from pbx.stun import message as stun


def answer(data: bytes, host: str, port: int) -> bytes | None:
    """What to send back for a datagram that is no SIP; None when it is no Binding request. No credentials are asked
    for, and none are looked at; attributes that have to be understood and are not get 420 (RFC 8489 section 6.3.1).
    """
    request = stun.parse(data)
    if request is None or request.kind != stun.BINDING_REQUEST:
        return None
    if request.unknown:
        return stun.failure(request.transaction, 420, "Unknown Attribute", unknown=request.unknown[:8])
    return stun.success(request.transaction, host.partition("%")[0], port, "")
