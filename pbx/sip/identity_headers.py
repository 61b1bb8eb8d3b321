"""Who calls, and by which way the call came: the headers that say so, read and written.

P-Asserted-Identity, P-Preferred-Identity (RFC 3325), Privacy (RFC 3323), Remote-Party-ID (a draft that carriers still
speak), Diversion (RFC 5806), History-Info (RFC 7044). Reading raises nothing and keeps no more than `MAX_ENTRIES`
values: what cannot be read is left out. Whether any of it is believed is for the caller to decide: from a trusted
trunk only (RFC 3324).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from pbx.sip.headers import HeaderError, NameAddr, quote, unquote
from pbx.sip.uri import Uri, escape_user

if TYPE_CHECKING:
    from pbx.sip.message import Message

MAX_ENTRIES: Final = 16  # of one header in one message
ANONYMOUS_FROM: Final = '"Anonymous" <sip:anonymous@anonymous.invalid>'  # RFC 3323 section 4.1.1.3

# Privacy values that hide who calls from the called party (RFC 3323 section 4.2, RFC 3325 section 9.3).
HIDING: Final = frozenset(("id", "user", "header"))


class Identity(NamedTuple):
    """A caller as somebody names him: the user part of a SIP URI or the number of a tel URI, and a display name."""

    number: str
    name: str = ""
    host: str = ""  # "" for a tel URI


class Diversion(NamedTuple):
    """One diversion, the latest first in a message (RFC 5806). `counter` counts those of the same party in a row."""

    identity: Identity
    reason: str = "unknown"
    counter: int = 1
    privacy: str = "off"


@dataclass(slots=True, frozen=True)
class HistoryEntry:
    """One target that the call had (RFC 7044). `index` is "1.1.2"; `cause` is why it left, 0 when not said."""

    uri: str
    index: str
    cause: int = 0
    change: str = ""  # how the target came about: "rc=1", "mp=1.1", "np=1"


# -- who calls --------------------------------------------------------------------------------------------------------


def asserted(message: Message) -> Identity | None:
    """The P-Asserted-Identity: the tel URI's number rather than the SIP URI's when both are given (section 9.1)."""
    return _best(message.values("P-Asserted-Identity"))


def preferred(message: Message) -> Identity | None:
    """The P-Preferred-Identity: what a phone would like to be called."""
    return _best(message.values("P-Preferred-Identity"))


def remote_party(message: Message) -> tuple[Identity, bool] | None:
    """The Remote-Party-ID of the calling party, and whether its number is to be hidden."""
    for text in message.values("Remote-Party-ID")[:MAX_ENTRIES]:
        value = _name_addr(text)
        if value is None or value.params.get("party", "calling").lower() != "calling":
            continue
        return _identity(value), value.params.get("privacy", "off").lower() in ("full", "name", "uri")
    return None


def privacy(message: Message) -> frozenset[str]:
    """The Privacy values in lower case ("id", "user", "header", "session", "none", "critical"), empty when absent."""
    found: set[str] = set()
    for line in message.headers("Privacy")[:MAX_ENTRIES]:
        found.update(value.strip().lower() for value in line.replace(",", ";").split(";"))
    return frozenset(found - {""})


def wants_privacy(message: Message) -> bool:
    """Whether the called party must not learn who calls."""
    wanted = privacy(message)
    return "none" not in wanted and bool(wanted & HIDING)


def is_anonymous(identity: Identity) -> bool:
    """Whether the From itself is one that says nothing (RFC 3323 section 4.1.1.3)."""
    return identity.number.lower() == "anonymous" or identity.host.lower() == "anonymous.invalid"


def trusted_caller(message: Message) -> tuple[Identity, bool] | None:
    """What a trusted trunk says of the caller, and whether it is to be hidden; None when it says no more than From."""
    found = asserted(message)
    if found is not None:
        return found, wants_privacy(message)
    party = remote_party(message)
    if party is not None:
        return party[0], party[1] or wants_privacy(message)
    return None


def asserted_line(number: str, host: str, name: str = "") -> str:
    """P-Asserted-Identity, for trusted far ends only."""
    return f"P-Asserted-Identity: {_address(number, host, name)}"


def preferred_line(number: str, host: str, name: str = "") -> str:
    return f"P-Preferred-Identity: {_address(number, host, name)}"


def remote_party_line(number: str, host: str, name: str = "", *, hidden: bool = False) -> str:
    shown = "full" if hidden else "off"
    return f"Remote-Party-ID: {_address(number, host, name)};party=calling;screen=yes;privacy={shown}"


def privacy_line(*values: str) -> str:
    """`privacy_line("id")`: the network must not tell the called party who calls."""
    return f"Privacy: {';'.join(values)}"


# -- by which way -----------------------------------------------------------------------------------------------------


def diversions(message: Message) -> list[Diversion]:
    """The diversions, the latest first."""
    found = []
    for text in message.values("Diversion")[:MAX_ENTRIES]:
        value = _name_addr(text)
        if value is not None:
            params = value.params
            counter = params.get("counter", "1")
            found.append(
                Diversion(
                    _identity(value),
                    params.get("reason", "unknown").lower(),
                    int(counter) if counter.isascii() and counter.isdigit() and len(counter) <= 3 else 1,
                    params.get("privacy", "off").lower(),
                )
            )
    return found


def diversion_line(diversion: Diversion) -> str:
    """One Diversion line; a new one goes before those that came."""
    number, name, host = diversion.identity
    shown = "" if diversion.privacy == "off" else f";privacy={diversion.privacy}"
    return f"Diversion: {_address(number, host, name)};reason={diversion.reason};counter={diversion.counter}{shown}"


def history(message: Message) -> list[HistoryEntry]:
    """The History-Info entries in their order."""
    found = []
    for text in message.values("History-Info")[:MAX_ENTRIES]:
        value = _name_addr(text)
        if value is None:
            continue
        params = value.params
        change = next((f"{key}={params[key]}" for key in ("rc", "mp", "np") if key in params), "")
        found.append(HistoryEntry(_bare(value.uri), params.get("index", ""), _cause_of(value.uri), change))
    return found


def history_line(entries: Iterable[HistoryEntry]) -> str:
    """All entries as one line; the cause goes into the Reason of the URI's headers (section 10.2)."""
    values = []
    for entry in entries:
        reason = f"?Reason=SIP%3Bcause%3D{entry.cause}" if entry.cause else ""
        values.append(f"<{entry.uri}{reason}>;index={entry.index}{f';{entry.change}' if entry.change else ''}")
    return f"History-Info: {', '.join(values)}"


def retargeted(entries: Sequence[HistoryEntry], uri: str, cause: int) -> list[HistoryEntry]:
    """`entries` after the call left its last target with `cause` (408, 486, 302...) for `uri` (section 10.3)."""
    if not entries:
        return [HistoryEntry(uri, "1")]
    last = entries[-1]
    following = f"{last.index}.1" if last.index else "1"
    return [*entries[:-1], replace(last, cause=cause), HistoryEntry(uri, following, change=f"rc={last.index}")]


def history_of_diversions(found: Sequence[Diversion], target: str) -> list[HistoryEntry]:
    """Diversion (the latest first) as History-Info, up to `target`, for a far end that reads that (RFC 7544)."""
    entries: list[HistoryEntry] = []
    cause = 0
    for diversion in reversed(found):
        entries = retargeted(entries, _uri(diversion.identity.number, diversion.identity.host), cause)
        cause = _CAUSES.get(diversion.reason, 404)
    return retargeted(entries, target, cause)


# RFC 7544 section 3: the reasons of Diversion as causes of History-Info.
_CAUSES: Final = {
    "unknown": 404,
    "unconditional": 302,
    "user-busy": 486,
    "no-answer": 408,
    "unavailable": 503,
    "deflection": 480,
    "time-of-day": 302,
    "do-not-disturb": 480,
    "follow-me": 302,
    "out-of-service": 503,
    "away": 480,
}
DIVERSION_REASONS: Final = frozenset(_CAUSES)


# -- parts ------------------------------------------------------------------------------------------------------------


def _best(values: Sequence[str]) -> Identity | None:
    found: Identity | None = None
    for text in values[:MAX_ENTRIES]:
        value = _name_addr(text)
        if value is None or value.uri.scheme not in ("sip", "sips", "tel"):
            continue
        identity = _identity(value)
        if value.uri.scheme == "tel":
            return identity._replace(name=identity.name or (found.name if found is not None else ""))
        found = found or identity
    return found


def _name_addr(text: str) -> NameAddr | None:
    try:
        return NameAddr.parse(text)
    except HeaderError:
        return None


def _identity(value: NameAddr) -> Identity:
    return Identity(value.uri.user.partition(";")[0], unquote(value.display), value.uri.host)


def _address(number: str, host: str, name: str) -> str:
    shown = f"{quote(name)} " if name else ""
    return f"{shown}<{_uri(number, host)}>"


def _uri(number: str, host: str) -> str:
    """`sip:number@host`, or `tel:number` without a host."""
    if not host:
        return f"tel:{escape_user(number)}"
    return f"sip:{escape_user(number)}@{f'[{host}]' if ':' in host and host[0] != '[' else host}"


def _bare(uri: Uri) -> str:
    """The URI without its headers."""
    return uri.text.partition("?")[0]


def _cause_of(uri: Uri) -> int:
    """The SIP cause of the Reason in the URI's headers; 0 when there is none."""
    reason = uri.headers.get("reason", "")
    protocol, _, rest = reason.partition(";")
    if protocol.strip().lower() != "sip":
        return 0
    cause = rest.lower().replace(" ", "").partition("cause=")[2].partition(";")[0]
    return int(cause) if cause.isascii() and cause.isdigit() and len(cause) == 3 else 0
