"""The bodies of the dialog package (RFC 4235): application/dialog-info+xml, always the full state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from pbx.call.identity import uri_user

if TYPE_CHECKING:
    from pbx.presence.lines import Line

CONTENT_TYPE = "application/dialog-info+xml"


def dialog_info(resource: str, domain: str, version: int, lines: Iterable[Line], *, full: bool) -> bytes:
    """The document for one watcher; without `full` it does not say with whom, nor how a dialog is named."""
    entity = f"sip:{uri_user(resource)}@{domain}"
    dialogs = "".join(_dialog(line, entity, domain, number, full=full) for number, line in enumerate(lines, 1))
    return (
        '<?xml version="1.0"?>\n'
        f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full" '
        f"entity={quoteattr(entity)}>{dialogs}</dialog-info>\n"
    ).encode()


def _dialog(line: Line, entity: str, domain: str, number: int, *, full: bool) -> str:
    if not full:
        return f'<dialog id="{number}" direction="{line.direction}"><state>{line.state}</state></dialog>'
    call, _, leg = line.id.partition(".")
    remote = f"sip:{uri_user(line.remote) or 'anonymous'}@{domain}"
    name = f" display={quoteattr(line.remote_name)}" if line.remote_name else ""
    return (
        f"<dialog id={quoteattr(line.id)} call-id={quoteattr(line.id)} local-tag={quoteattr(leg)} "
        f'remote-tag={quoteattr(call)} direction="{line.direction}"><state>{line.state}</state>'
        f"<local><identity>{escape(entity)}</identity><target uri={quoteattr(entity)}/></local>"
        f"<remote><identity{name}>{escape(remote)}</identity><target uri={quoteattr(remote)}/></remote></dialog>"
    )
