"""Session timers (RFC 4028): one end refreshes the session by UPDATE or re-INVITE, and both hang up when none comes.

A call without them costs a look for one header; the timer is made when both ends agreed on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pbx.sip.dialog_request import DialogRequest
from pbx.sip.extensions import LEAST_MIN_SE_S, MAX_EXPIRES_S, requires, supports
from pbx.sip.headers import HeaderError, parse_params
from pbx.sip.message import parse_seconds
from pbx.sip.outputs import ClearTimer, SetTimer

if TYPE_CHECKING:
    from pbx.sip.message import Message, Request, Response
    from pbx.sip.session import InviteSession

_HEADERS: Final = ("Session-Expires", "Supported", "Require")
MAX_RAISES: Final = 2  # 422s in a row that are obeyed


class SessionTimer:
    """Owner of the one timer. The refresher acts at half of the interval and once more at three quarters."""

    __slots__ = (
        "_by_update",
        "_raised",
        "_request",
        "_session",
        "_steps",
        "interval_s",
        "min_se_s",
        "ours",
        "timer_id",
    )

    def __init__(self, session: InviteSession) -> None:
        self._session: InviteSession | None = session
        self._by_update = False  # the far end said that it allows UPDATE
        self._request: DialogRequest | None = None
        self._steps = 0
        self._raised = 0
        self.interval_s = 0
        self.min_se_s = LEAST_MIN_SE_S
        self.ours = False  # we are the refresher
        self.timer_id = 0

    def set(self, interval_s: int, *, ours: bool, message: Message | None) -> None:
        """The session was refreshed; `message` is the far end's, which may say what it allows."""
        session = self._session
        if session is None:
            return
        self.interval_s = interval_s
        self.ours = ours
        self._steps = 0
        allowed = message.values("Allow") if message is not None else ()
        if allowed:
            self._by_update = "UPDATE" in allowed
        # Who waits for the far end's refresh hangs up a little before the end (section 10).
        wait_s = interval_s / 2 if ours else interval_s - min(32.0, interval_s / 3)
        session.ua.out.append(SetTimer(self, wait_s))

    def stop(self) -> None:
        session, self._session = self._session, None
        self._request = None
        if session is not None:  # whether it is armed yet or only about to be
            session.ua.out.append(ClearTimer(self))

    def lines(self) -> list[str]:
        """What a re-INVITE or UPDATE of ours says (section 7.4): the roles stay as they are."""
        refresher = "uac" if self.ours else "uas"
        lines = ["Supported: timer", f"Session-Expires: {self.interval_s};refresher={refresher}"]
        if self.min_se_s > LEAST_MIN_SE_S:
            lines.append(f"Min-SE: {self.min_se_s}")
        return lines

    def on_timer(self) -> None:
        session = self._session
        if session is None:
            return
        self._steps += 1
        if not self.ours or self._steps > 2:
            session.ua.sessions_expired += 1
            session.on_dialog_gone("expired", say_bye=True)
            return
        self._refresh(session)
        session.ua.out.append(SetTimer(self, self.interval_s / 4))

    def _refresh(self, session: InviteSession) -> None:
        if not self._by_update:
            session.refresh()
        elif self._request is None:
            self._request = DialogRequest(session, "UPDATE", self._on_updated, self.lines())
            self._request.start()
            session.ua.wake()

    def _on_updated(self, status: int) -> None:
        request, self._request = self._request, None
        session = self._session
        if session is None or request is None:
            return
        response = request.response
        if 200 <= status < 300 and response is not None:
            self._raised = 0
            if session.dialog is not None:
                session.dialog.refresh(response)
            take_as_client(session, response)
        elif status == 422 and response is not None and self.raised(response):
            self._refresh(session)
        elif status in (405, 501):
            self._by_update = False
            session.refresh()
        else:
            session.on_dialog_status(status)  # anything but 481 and 408 leaves it to the next try, or the end

    def raised(self, response: Response) -> bool:
        """Takes the longer interval that a 422 asks for; False when it asks for nothing that can be done."""
        least = asked_by_422(response)
        self._raised += 1
        if least <= self.min_se_s or self._raised > MAX_RAISES:
            return False
        self.min_se_s = least
        self.interval_s = max(self.interval_s, least)
        return True


def asked_by_422(response: Response) -> int:
    """The Min-SE of a 422 in seconds; 0 when it is absent or beyond a day."""
    text = (response.header("Min-SE") or "").partition(";")[0].strip()
    least = parse_seconds(text) or 0
    return least if least <= MAX_EXPIRES_S else 0


def answer_as_server(session: InviteSession, request: Request) -> Sequence[str]:
    """What our 2xx to an INVITE or UPDATE says of session timers; arms ours as agreed (section 9)."""
    policy = session.extensions
    always = policy.session_timers == "always"
    if not always and session.timer is None and not request.has_any(_HEADERS):
        return ()
    able = supports(request, "timer")
    asked_s, refresher = _read(request)
    if policy.session_timers == "never" and not requires(request, "timer"):
        return ()
    if not able and not asked_s and not always:
        _drop(session)
        return ()
    least = max(parse_seconds((request.header("Min-SE") or "").partition(";")[0].strip()) or 0, policy.min_se_s)
    agreed_s = max(min(asked_s or policy.session_expires_s, policy.session_expires_s), min(least, MAX_EXPIRES_S))
    if not able:
        refresher = "uas"
    elif refresher not in ("uac", "uas"):
        refresher = "uac"
    _timer(session).set(agreed_s, ours=refresher == "uas", message=request)
    line = f"Session-Expires: {agreed_s};refresher={refresher}"
    return (line, "Require: timer") if able else (line,)


def take_as_client(session: InviteSession, response: Response) -> None:
    """What the far end's 2xx to our INVITE or UPDATE agreed to (section 7.2)."""
    policy = session.extensions
    if policy.session_timers == "never":
        return
    agreed_s, refresher = _read(response)
    if agreed_s:
        agreed_s = max(agreed_s, LEAST_MIN_SE_S)
        _timer(session).set(agreed_s, ours=refresher != "uas", message=response)
    elif session.timer is not None and session.timer.ours:  # it knows no timers: refreshing it is our own business
        session.timer.set(session.timer.interval_s, ours=True, message=response)
    elif policy.session_timers == "always":
        _timer(session).set(policy.session_expires_s, ours=True, message=response)
    else:
        _drop(session)


def _timer(session: InviteSession) -> SessionTimer:
    if session.timer is None:
        session.timer = SessionTimer(session)
        session.timer.min_se_s = session.extensions.min_se_s
    return session.timer


def _drop(session: InviteSession) -> None:
    if session.timer is not None:
        session.timer.stop()
        session.timer = None


def _read(message: Message) -> tuple[int, str]:
    """Session-Expires in seconds (0: absent or unreadable, at most a day) and its refresher ("" when not said)."""
    text = message.header("Session-Expires")
    if text is None:
        return 0, ""
    value, semicolon, rest = text.partition(";")
    try:
        refresher = parse_params(semicolon + rest).get("refresher", "").lower() if rest else ""
    except HeaderError:
        refresher = ""
    return min(parse_seconds(value.strip()) or 0, MAX_EXPIRES_S), refresher
