"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1), one septet an
octet, as SMPP carries it.
"""

from __future__ import annotations

ESCAPE = 0x1B
# In the order of their codes, 0x00 to 0x7F; 0x1B leads into the extension table.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_CODES = {mark: bytes([code]) for code, mark in enumerate(BASIC) if code != ESCAPE}
_CODES |= {mark: bytes([ESCAPE, code]) for mark, code in EXTENSION.items()}
_EXTENDED = {code: mark for mark, code in EXTENSION.items()}


def fits(text: str) -> bool:
    """Whether the alphabet has every character of `text`."""
    return all(mark in _CODES for mark in text)


def septets(mark: str) -> int:
    """How many septets a character takes: 1, or 2 from the extension table. KeyError when the alphabet lacks it."""
    return len(_CODES[mark])


def encode(text: str) -> bytes:
    """`text`, one septet an octet. ValueError names the first character that the alphabet lacks."""
    try:
        return b"".join([_CODES[mark] for mark in text])
    except KeyError as error:
        raise ValueError(f"the GSM alphabet has no {error.args[0]!r}") from None


def decode(data: bytes) -> str:
    """What `encode` made. An unknown extension is read as the basic character, as section 6.2.1.1 asks; octets above
    0x7F, which no septet is, become U+FFFD.
    """
    out: list[str] = []
    escaped = False
    for code in data:
        if code > 0x7F:
            out.append("\ufffd")
            escaped = False
        elif code == ESCAPE and not escaped:
            escaped = True
        else:
            mark = BASIC[code] if code != ESCAPE else " "
            out.append(_EXTENDED.get(code, mark) if escaped else mark)
            escaped = False
    return "".join(out)
