"""Our scanner and typed headers beside two other parsers, sipmessage and aiosipua, on the corpus and on its mutants.

Every difference has to be one of `REASONS`; a new one is a fault of ours, or a reason that is still to be written down.
CENTRALA_MUTANTS says how many mutants are read (a night's run: 500000).
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from pbx.sip.message import SipParseError
from pbx.sip.parser import parse
from tests.pbx.sip.oracles import REFUSED, differences, mutant, ours
from tests.support.corpus import entries

MESSAGES = entries("sip", "rfc4475", "rfc5118", "sdp-in-invite")
MUTANTS = int(os.environ.get("CENTRALA_MUTANTS", "6000"))
PARTS = 4

needs_corpus = pytest.mark.skipif(not MESSAGES, reason="the shared corpus is not here (CENTRALA_CORPUS)")
Judge = Callable[[bytes, Any, Any], bool]


def refused(what: Any, *words: str) -> bool:
    return isinstance(what, str) and what.startswith(REFUSED) and (not words or any(word in what for word in words))


def addresses(value: Any) -> list[tuple[Any, ...]]:
    return value if isinstance(value, list) else [value]


def same_unescaped(_: bytes, mine: Any, theirs: Any) -> bool:
    """%XX in the user part, decoded or left as it came."""
    if isinstance(mine, str) or isinstance(theirs, str) or len(addresses(mine)) != len(addresses(theirs)):
        return False
    pairs = list(zip(addresses(mine), addresses(theirs), strict=True))
    return all(a[1] == unquote(b[1]) and (a[0], *a[2:]) == (b[0], *b[2:]) for a, b in pairs)


def same_unquoted(_: bytes, mine: Any, theirs: Any) -> bool:
    """A backslash in a quoted name, resolved or left as it came."""
    if isinstance(mine, str) or isinstance(theirs, str) or len(addresses(mine)) != len(addresses(theirs)):
        return False
    pairs = list(zip(addresses(mine), addresses(theirs), strict=True))
    return all(a[:4] == b[:4] and _plain(a[4]) == _plain(b[4]) for a, b in pairs)


def _plain(name: str) -> str:
    return " ".join(name.replace("\\", "").split())


def unescaped_by_them(_: bytes, mine: Any, theirs: Any) -> bool:
    """%XX in a parameter of a header, which means nothing there."""
    return "%" in str(mine) and unquote(str(mine)) == unquote(str(theirs))


def escaped_control(_: bytes, mine: Any, theirs: Any) -> bool:
    return re.search(r"%(0|1|7F)", str(mine), re.I) is not None


def spaced_via(data: bytes, mine: Any, theirs: Any) -> bool:
    """White space round the slashes, a tab before the host, or white space before the port."""
    pattern = rb"SIP\s*/\s*2\.0\s*/\s|SIP\s+/|/\s+2\.0|2\.0\s+/|2\.0/[^ ;]+\t|[ \t]:[0-9]"
    return re.search(pattern, data, re.I) is not None


def capitals(data: bytes, mine: Any, theirs: Any) -> bool:
    names = re.findall(rb";\s*(branch|tag)\b", data, re.I)
    return any(name != name.lower() for name in names)


def empty_item(data: bytes, mine: Any, theirs: Any) -> bool:
    return re.search(rb",[ \t]*(,|\r\n)|:[ \t]*,", data) is not None


def other_scheme(_: bytes, mine: Any, theirs: Any) -> bool:
    return not isinstance(mine, str) and any(one[0] not in ("sip", "sips") for one in addresses(mine))


def space_before_colon(data: bytes, mine: Any, theirs: Any) -> bool:
    return re.search(rb"\r\n[A-Za-z\-]+[ \t]+:", data) is not None


def folded(data: bytes, mine: Any, theirs: Any) -> bool:
    return re.search(rb"\r\n[ \t]", data.partition(b"\r\n\r\n")[0]) is not None


def repeated_branch(data: bytes, mine: Any, theirs: Any) -> bool:
    return mine[:3] == theirs[:3] and re.search(rb";\s*branch\b[^\r\n]*;\s*branch\b", data, re.I) is not None


def empty_lines_first(data: bytes, mine: Any, theirs: Any) -> bool:
    return data.startswith((b"\r", b"\n")) and not mine


def we_check_it(data: bytes, mine: Any, theirs: Any) -> bool:
    return isinstance(mine, str) and re.match(r"(400|413|414|505|513) ", mine) is not None


OF_A_NIGHT = "takes an unquoted name with a colon for the URI and drops what follows; met in long runs only"
# (oracle, field, when) -> why our reading is the right one, or as good.
REASONS: list[tuple[str, str, Judge, str]] = [
    ("*", "message", we_check_it, "checks less: verdicts of ours are held against the corpus in test_corpus.py"),
    ("*", "message", empty_lines_first, "does not skip empty lines before a message (RFC 3261 7.5)"),
    (
        "sipmessage",
        "message",
        lambda d, a, b: b"SIP/2.0" not in d.split(b"\r\n")[0].upper()[-8:] or b"SIP/2.0" not in d.split(b"\r\n")[0],
        "wants a reason phrase, and the version in capitals (RFC 3261 7.1)",
    ),
    ("*", "contacts", lambda d, a, b: refused(a), "takes a Contact that breaks the grammar; ours is refused when read"),
    (
        "*",
        "via",
        repeated_branch,
        "of a parameter that comes twice takes the last, we take the first",
    ),
    ("*", "from from_tag to to_tag contacts", other_scheme, "knows SIP and tel URIs only (RFC 4475 3.3.3)"),
    (
        "aiosipua",
        "from to contacts",
        same_unescaped,
        "leaves %XX in the user part (RFC 3261 19.1.4)",
    ),
    ("*", "from to contacts", same_unquoted, "leaves quoted pairs in names, or joins white space (RFC 3261 25.1)"),
    ("*", "via_count", empty_item, "counts no empty item of a list; a response with one is dropped by us"),
    ("*", "via via_count", spaced_via, "does not know white space around the slashes of Via (RFC 3261 25.1)"),
    ("sipmessage", "via from_tag to_tag", capitals, "knows parameters in small letters only (RFC 3261 7.3.1)"),
    ("sipmessage", "*", lambda d, a, b: refused(b, "argument 'self'"), "stumbles over a parameter called self"),
    ("sipmessage", "via from_tag to_tag", unescaped_by_them, "decodes %XX in the parameters of headers"),
    ("sipmessage", "from to contacts", escaped_control, "decodes control characters; ours must not reach a header"),
    (
        "aiosipua",
        "from to contacts",
        lambda d, a, b: not refused(a) and re.search(rb"[<:\s](?!sips?:)[A-Za-z][A-Za-z0-9+.\-]*:", d) is not None,
        "reads a URI without SIP scheme as a host",
    ),
    (
        "sipmessage",
        "body",
        lambda d, a, b: b.startswith(a),
        "does not cut a datagram at Content-Length (18.3)",
    ),
    ("sipmessage", "message", lambda d, a, b: refused(b, "UnicodeDecodeError"), "refuses what is not UTF-8"),
    ("sipmessage", "message", lambda d, a, b: refused(b, "URI is not valid"), "knows SIP and tel Request-URIs only"),
    (
        "sipmessage",
        "from from_tag to to_tag contacts via via_count",
        lambda d, a, b: refused(b, "is not valid"),
        "holds hosts and addresses to the letter of the grammar; a host is only compared or looked up here",
    ),
    ("sipmessage", "*", space_before_colon, "does not know white space before the colon (RFC 3261 7.3.1)"),
    ("sipmessage", "contacts", lambda d, a, b: b == [] and b"%" in d, "drops an address with escapes in a parameter"),
    (
        "sipmessage",
        "from to contacts",
        lambda d, a, b: not isinstance(a, str) and any(re.search(r"[:@]", one[4]) for one in addresses(a)),
        OF_A_NIGHT,
    ),
    ("sipmessage", "*", folded, "does not unfold header lines (RFC 3261 7.3.1)"),
]


def reason_of(oracle: str, field: str, data: bytes, mine: Any, theirs: Any) -> int | None:
    for number, (name, fields, judge, _) in enumerate(REASONS):
        if name in ("*", oracle) and (fields == "*" or field in fields.split()) and judge(data, mine, theirs):
            return number
    return None


def unexplained(data: bytes, used: set[int]) -> list[str]:
    found = []
    with contextlib.suppress(SipParseError):
        message = parse(data)
        if message is not None and (message.branch, message.from_tag, message.to_tag) != (
            message.via.branch,
            message.from_.tag,
            message.to.tag,
        ):
            found.append("the scanner and the typed headers disagree")
    for oracle, field, mine, theirs in differences(data):
        number = reason_of(oracle, field, data, mine, theirs)
        if number is None:
            found.append(f"{oracle} reads {field} as {theirs!r}, we as {mine!r}")
        else:
            used.add(number)
    return found


@pytest.fixture(autouse=True)
def _quiet():
    """One of them logs each body that it cuts."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@needs_corpus
@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_a_message_of_the_corpus_is_read_alike_or_for_a_reason(entry):
    assert unexplained(entry.data, set()) == []


@needs_corpus
@pytest.mark.parametrize("part", range(PARTS))
def test_mutants_are_read_alike_or_for_a_reason(part):
    sound = [entry.data for entry in MESSAGES if len(entry.data) < 4000 and not isinstance(ours(entry.data), str)]
    chance = random.Random(part)
    used: set[int] = set()
    for number in range(MUTANTS // PARTS):
        data = mutant(chance.choice(sound), chance)
        found = unexplained(data, used)
        assert not found, (part, number, found, data)


@needs_corpus
def test_each_reason_is_needed():
    """A reason that explains nothing any more hides what comes next."""
    by_name = {entry.name: entry.data for entry in MESSAGES}
    plain = by_name["own-headers-via_loop_self.dat"]
    via = b"Via: SIP/2.0/UDP 192.0.2.10"
    rare = [  # what mutants have only now and then
        plain.replace(b" SIP/2.0\r\n", b" sip/2.0\r\n", 1),
        plain.replace(b"branch=z9", b"branch=z9;branch=z9", 1),
        plain.replace(b"branch=", b"Branch=", 1),
        plain.replace(b"branch=", b"self;branch=", 1),
        plain.replace(b"branch=z9", b"branch=z%39", 1),
        plain.replace(via, b"Via: SIP / 2.0 / UDP 192.0.2.10", 1),
        plain.replace(b";rport", b";rport,", 1),
        plain.replace(b"From: <sip:", b"From: <sip:%00", 1),
    ]
    used: set[int] = set()
    for data in (*by_name.values(), *rare):
        unexplained(data, used)
    sound = [entry.data for entry in MESSAGES if len(entry.data) < 4000 and not isinstance(ours(entry.data), str)]
    chance = random.Random(99)
    for _ in range(3000):
        unexplained(mutant(chance.choice(sound), chance), used)
    assert [reason for number, (*_, reason) in enumerate(REASONS) if number not in used and reason != OF_A_NIGHT] == []
