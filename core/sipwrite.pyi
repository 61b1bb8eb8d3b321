"""Requests as bytes, written in one pass."""

def request(
    method: str,
    uri: str,
    transport: str,
    address: tuple[str, int],
    branch: str,
    from_: str,
    to: str,
    call_id: str,
    cseq: int,
    extra: str = "",
    body: bytes = b"",
    content_type: str = "",
    max_forwards: int = 70,
) -> bytes:
    """One request in UTF-8. `address` is the host and port of our Via, which asks for symmetric routing (`rport`, RFC
    3581); `from_` and `to` are whole header values, `extra` are whole lines, each with its CRLF.

    Nothing is checked: what may hold a line break is checked by who gives it. OverflowError for a negative number,
    UnicodeEncodeError for a lone surrogate.
    """
