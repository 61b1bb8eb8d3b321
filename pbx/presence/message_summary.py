"""The event package "message-summary" (RFC 3842): the lamp that says that messages wait in a mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.identity import uri_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Set

    from pbx.call.registrar import Registrar
    from pbx.presence.package import Changed
    from pbx.sip.user_agent import UserAgent

CONTENT_TYPE = "application/simple-message-summary"


class Waiting(NamedTuple):
    """How many messages wait; urgent ones are counted in `new` or `old` too."""

    new: int = 0
    old: int = 0


NONE = Waiting()


def summary(mailbox: str, domain: str, waiting: Waiting) -> bytes:
    """The body: whether anything new waits, and how many (section 5.2)."""
    lamp = "yes" if waiting.new else "no"
    return (
        f"Messages-Waiting: {lamp}\r\nMessage-Account: sip:{uri_user(mailbox)}@{domain}\r\n"
        f"Voice-Message: {waiting.new}/{waiting.old} (0/0)\r\n"
    ).encode()


class MessageWaiting:
    """Set by whoever keeps messages: `services.message_waiting.set("101", 2, 1)`. A mailbox is its extension's."""

    name = "message-summary"
    content_type = CONTENT_TYPE

    def __init__(
        self,
        extensions: Iterable[str],
        domain: str,
        changed: Changed,
        tell: Callable[[str, bytes], None],
        unsolicited: Iterable[str] = (),
    ) -> None:
        """`tell(extension, body)` sends a NOTIFY to phones that are told without asking (`unsolicited`)."""
        self.extensions: Set[str] = frozenset(extensions)  # may be replaced by another set
        self._domain = domain
        self._changed = changed
        self._tell = tell
        self._unsolicited = frozenset(unsolicited)
        self._waiting: dict[str, Waiting] = {}

    def set(self, mailbox: str, new: int, old: int = 0) -> None:
        """`new` messages nobody has heard and `old` ones wait in `mailbox`. KeyError when there is no such mailbox."""
        if mailbox not in self.extensions:
            raise KeyError(f"there is no mailbox {mailbox!r}: mailboxes are those of the extensions")
        waiting = Waiting(max(0, new), max(0, old))
        if waiting == self._waiting.get(mailbox, NONE):
            return
        if waiting == NONE:
            self._waiting.pop(mailbox, None)
        else:
            self._waiting[mailbox] = waiting
        self._changed(self.name, mailbox)
        self.registered(mailbox)

    def get(self, mailbox: str) -> Waiting:
        return self._waiting.get(mailbox, NONE)

    def registered(self, extension: str) -> None:
        """A phone of `extension` came, or its messages changed: one that is told without asking is told now."""
        if extension in self._unsolicited:
            self._tell(extension, summary(extension, self._domain, self.get(extension)))

    # -- as a package ----------------------------------------------------------------------------------------------

    def refusal(self, watcher: str, resource: str) -> int:
        """Only one's own mailbox: how many messages another has is nobody's business."""
        if resource not in self.extensions:
            return 404
        return 0 if watcher == resource else 403

    def watch(self, resource: str) -> None:
        """Nothing to do: whoever keeps messages tells."""

    def unwatch(self, resource: str) -> None:
        """As `watch`."""

    def state(self, watcher: str, resource: str, version: int) -> bytes:  # noqa: ARG002 - it has no versions
        return summary(resource, self._domain, self.get(resource))


def unsolicited_notify(agent: UserAgent, registrar: Registrar, domain: str) -> Callable[[str, bytes], None]:
    """What sends a NOTIFY outside any subscription to each phone of an extension, as many old phones expect."""

    def tell(extension: str, body: bytes) -> None:
        me = f"<sip:{uri_user(extension)}@{domain}>"
        for binding in registrar.bindings(extension):
            routes = tuple(f"Route: {path}" for path in binding.path)
            agent.request(
                "NOTIFY",
                uri=binding.uri,
                destination=binding.destination,
                from_=me,
                to=me,
                headers=(*routes, "Event: message-summary", "Subscription-State: active"),
                body=body,
                content_type=CONTENT_TYPE,
                on_response=lambda _status, _response: None,
            )

    return tell
