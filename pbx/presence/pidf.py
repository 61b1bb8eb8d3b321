"""Presence documents (RFC 3863 with the activities of RFC 4480): written for watchers, read from those who publish."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from pbx.call.identity import clean_name

CONTENT_TYPE = "application/pidf+xml"
MAX_BYTES = 8192
_PIDF = "urn:ietf:params:xml:ns:pidf"
_RPID = "urn:ietf:params:xml:ns:pidf:rpid"
_ACTIVITIES = frozenset(("away", "busy", "meal", "meeting", "on-the-phone", "vacation", "travel", "holiday", "other"))


class Presence(NamedTuple):
    """`open`: can be reached; `activity` is a word of RFC 4480 or ""; `note` is for people."""

    open: bool
    activity: str = ""
    note: str = ""


def build(entity: str, presence: Presence) -> bytes:
    """The document of `entity`, a SIP URI."""
    basic = "open" if presence.open else "closed"
    note = f"<note>{escape(presence.note)}</note>" if presence.note else ""
    activity = f"<rpid:activities><rpid:{presence.activity}/></rpid:activities>" if presence.activity else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<presence xmlns="{_PIDF}" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="{_RPID}" '
        f'entity={quoteattr(entity)}><tuple id="phone"><status><basic>{basic}</basic></status>{note}</tuple>'
        f'<dm:person id="person">{activity}</dm:person></presence>\n'
    ).encode()


def parse(body: bytes) -> Presence:
    """What somebody says of himself. ValueError for what is no such document, or too large.

    A document type is refused: entities are of no use here but to attackers.
    """
    if len(body) > MAX_BYTES or b"<!" in body:
        raise ValueError("a presence document is at most 8 KiB and has no document type")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no document type, so no entities
    except ElementTree.ParseError as error:
        raise ValueError(f"no XML: {error}") from None
    if root.tag != f"{{{_PIDF}}}presence":
        raise ValueError("no presence document")
    basics = [element.text or "" for element in root.iter(f"{{{_PIDF}}}basic")]
    notes = [element.text or "" for element in root.iter(f"{{{_PIDF}}}note")]
    activities = [child.tag.rpartition("}")[2] for group in root.iter(f"{{{_RPID}}}activities") for child in group]
    activity = next((name for name in activities if name in _ACTIVITIES), "")
    reachable = not basics or any(basic.strip() == "open" for basic in basics)
    return Presence(reachable, activity, clean_name(notes[0]) if notes else "")
