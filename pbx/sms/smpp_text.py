"""What texts and receipts are on the wire of SMPP: submit_sm bodies out, deliver_sm texts and receipts in."""

from __future__ import annotations

import contextlib
import re
import struct
from typing import NamedTuple

from pbx.config_sms import SmsGateway
from pbx.sms import gsm7
from pbx.sms import smpp_pdu as pdu
from pbx.sms.message import Message
from pbx.sms.parts import REFERENCE_8, REFERENCE_16, Coding, Plan, encode, header, plan
from pbx.sms.smpp_pdu import ShortMessage

DATA_CODING = {Coding.GSM7: 0x00, Coding.UCS2: 0x08}
SHORT_CODE = 6  # digits at most
# Appendix B of the specification, as all servers write it; and message_state (section 5.2.28).
_FIELD = re.compile(r"(id|sub|dlvrd|submit date|done date|stat|err):(\S*)", re.IGNORECASE)
STATES = {"DELIVRD": "delivered", "EXPIRED": "failed", "DELETED": "failed", "UNDELIV": "failed", "REJECTD": "failed"}
STATE_CODES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}


class Piece(NamedTuple):
    """Of a message that came in: part `number` of `total`; 1 of 1 is whole."""

    reference: int
    total: int
    number: int
    data: bytes
    coding: int


def submits(message: Message, config: SmsGateway, sender: str, now: float) -> list[ShortMessage]:
    """The submit_sm bodies of a message."""
    if config.concatenation == "payload":
        whole = Plan(Coding(message.coding), (message.text,))
        return [_submit(message, sender, now, whole, 0, config)]
    found = plan(message.text, "16bit" if config.concatenation == "16bit" else "8bit")
    return [_submit(message, sender, now, found, index, config) for index in range(found.parts)]


def _submit(message: Message, sender: str, now: float, cut: Plan, index: int, config: SmsGateway) -> ShortMessage:
    ton, npi, source = address(sender)
    data = encode(cut.texts[index], cut.coding)
    body = ShortMessage(
        source=source,
        source_ton=ton,
        source_npi=npi,
        destination=message.number.removeprefix("+"),
        registered_delivery=1,
        data_coding=DATA_CODING[cut.coding],
        validity=_validity(message.expires - now),
    )
    reference = int(message.id[-4:], 16)
    if cut.parts > 1 and config.concatenation == "sar":
        body.tlvs[pdu.SAR_REFERENCE] = struct.pack("!H", reference)
        body.tlvs[pdu.SAR_COUNT], body.tlvs[pdu.SAR_NUMBER] = bytes([cut.parts]), bytes([index + 1])
    elif cut.parts > 1:
        width = "16bit" if config.concatenation == "16bit" else "8bit"
        data = header(reference, index + 1, cut.parts, width) + data  # type: ignore[arg-type]
        body.esm_class = pdu.UDHI
    if config.concatenation == "payload":
        body.tlvs[pdu.MESSAGE_PAYLOAD] = data
    else:
        body.message = data
    return body


def address(text: str) -> tuple[int, int, str]:
    """Type of number, numbering plan and digits of a sender (sections 5.2.5 and 5.2.6)."""
    if text[:1] == "+" and text[1:].isdigit():
        return 1, 1, text[1:]
    if text.isdigit():
        return (3, 0, text) if len(text) <= SHORT_CODE else (0, 1, text)
    return (5, 0, text) if text else (0, 0, "")


def number_of(ton: int, digits: str) -> str:
    """A customer's number as it came: with "+" where it is international."""
    plain = digits.strip()
    return f"+{plain}" if ton == 1 and plain.isdigit() else plain


def pieces(body: ShortMessage) -> Piece:
    """The part of a message that a deliver_sm brings."""
    data = body.payload
    reference, count, number = 0, 1, 1
    if body.esm_class & pdu.UDHI and data:
        head, data = data[1 : data[0] + 1], data[data[0] + 1 :]
        reference, count, number = _elements(head)
    elif pdu.SAR_REFERENCE in body.tlvs:
        reference = int.from_bytes(body.tlvs[pdu.SAR_REFERENCE][:2], "big")
        count = int.from_bytes(body.tlvs.get(pdu.SAR_COUNT, b"\x01")[:1], "big")
        number = int.from_bytes(body.tlvs.get(pdu.SAR_NUMBER, b"\x01")[:1], "big")
    if not 1 <= number <= count:
        reference, count, number = 0, 1, 1
    return Piece(reference, count, number, data, body.data_coding)


def decode(data: bytes, coding: int) -> str:
    """The text of a message by its data_coding (section 5.2.19; 3GPP TS 23.038 section 4 for the general groups)."""
    if coding & 0xCC == 0x08 or coding & 0xF0 == 0xE0:
        return data.decode("utf-16-be", "replace")
    if coding == 0x03:
        return data.decode("latin-1")
    if coding == 0x01:
        return data.decode("ascii", "replace")
    return gsm7.decode(data)


class ReceiptText(NamedTuple):
    """Of a delivery receipt: the server's id, its word for the state ("DELIVRD"), its error."""

    id: str
    stat: str
    error: str


def receipt(body: ShortMessage) -> ReceiptText:
    """The optional parameters go before the text: where both are there they are the better ones."""
    text = body.payload.decode("latin-1")
    cut = text.lower().find("text:")
    found = {name.lower(): value for name, value in _FIELD.findall(text[:cut] if cut >= 0 else text)}
    id_ = body.tlvs.get(pdu.RECEIPTED_MESSAGE_ID, b"").split(b"\0")[0].decode("latin-1") or found.get("id", "")
    stat = found.get("stat", "").upper()
    if pdu.MESSAGE_STATE in body.tlvs:
        stat = STATE_CODES.get(int.from_bytes(body.tlvs[pdu.MESSAGE_STATE][:1], "big"), stat)
    error = found.get("err", "")
    return ReceiptText(id_, stat, "" if error.strip("0") == "" else error)


def id_forms(text: str) -> list[str]:
    """An id as it came, and as servers write it that answer in hexadecimal and tell receipts in decimal, or with
    leading zeros.
    """
    forms = [text]
    if text.isascii() and text.isdigit() and len(text) <= 20:
        forms += [f"{int(text):x}", f"{int(text):X}", str(int(text)), f"{int(text):08X}", f"{int(text):08x}"]
    elif text.isascii() and len(text) <= 16 and text.isalnum():
        with contextlib.suppress(ValueError):
            forms.append(str(int(text, 16)))
    return list(dict.fromkeys(forms))


def _elements(head: bytes) -> tuple[int, int, int]:
    """Reference, count and number of the user data header's concatenation; 0, 1, 1 without one."""
    at = 0
    while at + 2 <= len(head):
        kind, length = head[at], head[at + 1]
        value = head[at + 2 : at + 2 + length]
        if kind == REFERENCE_8 and len(value) == 3:
            return value[0], value[1], value[2]
        if kind == REFERENCE_16 and len(value) == 4:
            return value[0] << 8 | value[1], value[2], value[3]
        at += 2 + length
    return 0, 1, 1


def _validity(left_s: float) -> str:
    """How long the network shall try, as a relative time (section 7.1.1.2)."""
    left = int(min(max(left_s, 60.0), 30 * 86_400.0))
    days, rest = divmod(left, 86_400)
    return f"0000{days:02}{rest // 3600:02}{rest // 60 % 60:02}{rest % 60:02}000R"
