"""Sends a message by SMTP (RFC 5321) with TLS. Blocks: for a thread."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from pbx.config_reports import Smtp


class MailError(Exception):
    """The message was not taken; the text says why and what to do. It may be tried again."""


class MailInDoubt(Exception):
    """The connection broke when all was said: nobody knows whether the message was taken."""


def message(
    settings: Smtp, recipients: Sequence[str], subject: str, body: str, parts: Sequence[dict[str, str]], ident: str
) -> EmailMessage:
    """`ident` is the same for the same run, so that two copies can be told to be one."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = settings.sender, ", ".join(recipients), subject
    made["Date"], made["Message-ID"] = formatdate(), f"<{ident}@{settings.sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834
    made.set_content(body)
    for part in parts:
        main, _, kind = part["type"].partition("/")
        made.add_attachment(part["text"].encode(), maintype=main, subtype=kind, filename=part["name"])
    return made


def send(settings: Smtp, made: EmailMessage) -> None:
    """Raises MailError and MailInDoubt."""
    if not settings.host:
        raise MailError("no server for mail is configured: write [smtp] with host and sender")
    where = f"{settings.host}:{settings.port}"
    said = False
    try:
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, settings.password)
            said = True
            server.send_message(made)
            said = False
    except smtplib.SMTPServerDisconnected as error:
        if said:
            raise MailInDoubt(f"{where} broke off: {error}") from None
        raise MailError(f"{where} broke off: {error}; it is tried again") from None
    except smtplib.SMTPAuthenticationError:
        raise MailError(f"{where} does not take the name and password of [smtp]: correct them") from None
    except smtplib.SMTPException as error:
        raise MailError(f"{where} does not take the message: {error}") from None
    except ssl.SSLError as error:
        raise MailError(
            f"{where} offers no TLS that can be trusted ({error.reason}): see [smtp] ca, security"
        ) from None
    except OSError as error:
        if said:
            raise MailInDoubt(f"{where} broke off: {error}") from None
        raise MailError(f"{where} cannot be reached: {error}") from None


def _connected(settings: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.ca:
        context.load_verify_locations(settings.ca)
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_s, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
    if settings.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server
