"""Names and numbers that come from outside, made safe to write into a header, a log line or a table (security.md
R11).
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_NAME = 64
MAX_NUMBER = 64
# Controls, and the characters that turn the direction of text: they serve nobody in a caller's name but a forger.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_NOT_NUMBER = re.compile(r"[^0-9A-Za-z+*#_.\-]")
_NOT_GLOBAL = re.compile(r"[^0-9A-Za-z+*#_]")  # "-" and "." only part the digits of a number with "+"
ANONYMOUS = "anonymous"


def clean_name(name: str) -> str:
    """A display name without control or direction characters, at most 64 characters."""
    if name.isascii() and name.isprintable() and len(name) <= MAX_NAME:
        return name.strip()
    return _UNSAFE.sub("", name)[:MAX_NAME].strip()


@lru_cache(1024)  # the same few numbers come again and again, and each call cleans five
def clean_number(user: str) -> str:
    """The user part of a URI as a number or account name: letters, digits and + * # _ . - only, at most 64
    characters. Parameters of a telephone number end it (`;phone-context=`), and a global one loses its visual
    separators (RFC 3966 section 3).
    """
    digits = user[1:] if user[:1] == "+" else user
    if digits.isascii() and digits.isalnum() and len(user) <= MAX_NUMBER:
        return user
    number = user.partition(";")[0]
    return (_NOT_GLOBAL if number[:1] == "+" else _NOT_NUMBER).sub("", number)[:MAX_NUMBER]


def uri_user(number: str) -> str:
    """A cleaned number as the user part of a SIP URI: # is not allowed there (RFC 3261 section 25.1)."""
    return number.replace("#", "%23") if "#" in number else number


def address(name: str, number: str, host: str) -> str:
    """A From or To value: `"name" <sip:number@host>`; a caller without a number becomes anonymous (RFC 3323)."""
    user = uri_user(clean_number(number)) or ANONYMOUS
    shown = clean_name(name)
    if not shown:
        return f"<sip:{user}@{host}>"
    if '"' in shown or "\\" in shown:
        shown = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown}" <sip:{user}@{host}>'
