"""What there is to be allowed, who is allowed it by role, and the one who asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Permission(StrEnum):
    """One right. `read` sees, `write` changes; what reaches further has a name of its own."""

    SELF = "self"  # one's own account, sessions and state; everybody who is somebody has it
    STATUS_READ = "status.read"
    CALLS_READ = "calls.read"
    CALLS_CONTROL = "calls.control"  # place, transfer, hang up
    CALLS_SUPERVISE = "calls.supervise"  # listen, whisper, barge, take over
    QUEUES_READ = "queues.read"
    QUEUES_CONTROL = "queues.control"
    AGENTS_READ = "agents.read"
    AGENTS_CONTROL = "agents.control"  # the state of others
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    CALLBACKS_READ = "callbacks.read"
    CALLBACKS_WRITE = "callbacks.write"
    FLOWS_READ = "flows.read"
    FLOWS_WRITE = "flows.write"  # drafts
    FLOWS_PUBLISH = "flows.publish"
    RECORDINGS_READ = "recordings.read"
    RECORDINGS_LISTEN = "recordings.listen"  # every time is noted in the audit log
    RECORDINGS_WRITE = "recordings.write"
    PROMPTS_READ = "prompts.read"
    PROMPTS_WRITE = "prompts.write"
    REPORTS_READ = "reports.read"
    REPORTS_WRITE = "reports.write"  # schedules
    SMS_READ = "sms.read"
    SMS_SEND = "sms.send"
    VOICEMAIL_READ = "voicemail.read"
    VOICEMAIL_WRITE = "voicemail.write"
    TRUNKS_READ = "trunks.read"
    TRUNKS_WRITE = "trunks.write"
    REGISTRATIONS_READ = "registrations.read"
    ALARMS_READ = "alarms.read"
    SELFTEST_READ = "selftest.read"
    SELFTEST_RUN = "selftest.run"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    LIVE_READ = "live.read"
    TRACKING_READ = "tracking.read"
    TRACKING_WRITE = "tracking.write"
    LEDGER_READ = "ledger.read"
    LEDGER_WRITE = "ledger.write"
    WIDGET_READ = "widget.read"
    WIDGET_WRITE = "widget.write"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_WRITE = "webhooks.write"
    OUTBOX_READ = "outbox.read"
    OUTBOX_WRITE = "outbox.write"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    TOKENS_READ = "tokens.read"  # everybody's
    TOKENS_WRITE = "tokens.write"
    AUDIT_READ = "audit.read"


class Role(StrEnum):
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    VIEWER = "viewer"


P = Permission
_VIEWER = frozenset(
    {P.SELF, P.STATUS_READ, P.CALLS_READ, P.QUEUES_READ, P.AGENTS_READ, P.CONTACTS_READ, P.CALLBACKS_READ}
    | {P.REPORTS_READ, P.ALARMS_READ, P.LIVE_READ, P.FLOWS_READ, P.TRACKING_READ, P.LEDGER_READ, P.WIDGET_READ}
)
_AGENT = frozenset(
    {P.SELF, P.CALLS_READ, P.CALLS_CONTROL, P.QUEUES_READ, P.AGENTS_READ, P.CONTACTS_READ, P.CONTACTS_WRITE}
    | {P.CUSTOMERS_READ, P.CALLBACKS_READ, P.CALLBACKS_WRITE, P.SMS_READ, P.SMS_SEND, P.VOICEMAIL_READ}
    | {P.VOICEMAIL_WRITE, P.LIVE_READ}
)
_SUPERVISOR = (
    _VIEWER
    | _AGENT
    | {P.CALLS_SUPERVISE, P.QUEUES_CONTROL, P.AGENTS_CONTROL, P.CUSTOMERS_WRITE, P.RECORDINGS_READ, P.RECORDINGS_LISTEN}
    | {
        P.PROMPTS_READ,
        P.REPORTS_WRITE,
        P.TRUNKS_READ,
        P.REGISTRATIONS_READ,
        P.SELFTEST_READ,
        P.SETTINGS_READ,
        P.USERS_READ,
    }
    | {P.WEBHOOKS_READ, P.OUTBOX_READ, P.FLOWS_WRITE}
)

ROLES: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.SUPERVISOR: _SUPERVISOR,
    Role.AGENT: _AGENT,
    Role.VIEWER: _VIEWER,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has proved who he is."""

    id: str  # of the person or of the token
    kind: Literal["person", "token"]
    name: str
    role: Role
    permissions: frozenset[Permission]
    extension: str = ""  # of his phone, by which he is an agent; "": none
    queues: frozenset[str] | None = None  # that he sees; None: all
    session: str = ""  # id of the session that he came by; "" for a token
    owner: str = ""  # of a token: id of the person whose it is

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def sees_all(self) -> bool:
        """False for an agent, who sees himself and his queues, and for whoever was given a list of queues."""
        return self.role is not Role.AGENT and self.queues is None

    def sees_queue(self, queue: str) -> bool:
        """Whether what happens in `queue` is for his eyes."""
        return self.sees_all or queue in (self.queues or ())

    def sees_agent(self, extension: str) -> bool:
        """Whether the state and the calls of this agent are; an agent sees himself alone."""
        return self.role is not Role.AGENT or (self.extension != "" and extension == self.extension)

    def sees_call(self, queue: str, extensions: frozenset[str] | set[str] | tuple[str, ...]) -> bool:
        """Whether a call of `queue` ("" for none), with these extensions in it, is for his eyes."""
        if self.sees_all or (self.extension != "" and self.extension in extensions):
            return True
        return queue != "" and self.sees_queue(queue)
