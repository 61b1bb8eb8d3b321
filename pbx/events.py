"""The in-process event bus, and the events that layers meet through.

Features never call each other: they publish what happened and listen to what others published. Every call event is
also one row of the call's journey (append-only), from which CDRs and reports are derived. A handler that raises is
reported through `on_error` and never stops the others: a broken listener must not lose a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.bus import Publisher


class Kind(StrEnum):
    """What happened in a call; the value is the journey's `event` column."""

    CALL_STARTED = "call.started"  # direction, caller, callee, did, trunk, source ("127.0.0.1:5060");
    # where known: tag, campaign, medium of the number dialled; caller_country, caller_region, caller_type;
    # off_hours (the application within hours); contact: the id of the item that the call was placed or taken for
    CALL_ROUTED = "call.routed"  # application ("queue:sales", "extension:101", "flow:hotline", "echo")
    CALL_ANSWERED = "call.answered"  # the PBX or the callee answered the caller's leg
    CALL_ENDED = "call.ended"  # cause, sip_status, ended_by ("caller", "callee", "pbx"), setup_s (INVITE to answer)
    # role ("caller", "callee", "agent"), target, trunk; moved: an answered far end comes into it, no INVITE goes out
    LEG_STARTED = "leg.started"
    LEG_RINGING = "leg.ringing"
    LEG_ANSWERED = "leg.answered"
    # sip_status, cause, and of the media: rx_packets, tx_packets, lost_packets, jitter_ms, bursts, mos and worst_mos
    # (MOS-CQE, G.107; 0: nothing heard), round_trip_ms (0: unknown), level_dbm0 (None: unknown), remote_lost_share
    LEG_ENDED = "leg.ended"
    TRUNK_FAILED = "trunk.failed"  # trunk, sip_status, q850, next_trunk: the leg goes on by another trunk
    TRUNK_CONTINUED = "trunk.continued"  # trunk, target: whom we called by it goes on in this leg, without an INVITE
    LEG_CHARGED = "leg.charged"  # trunk, cost, currency, seconds (billed)
    EMERGENCY = "call.emergency"  # number, extension, site, location, caller_id
    SCREENED = "call.screened"  # pattern, action ("reject", "announce", "flow:NAME"), reason
    BRIDGE_STARTED = "bridge.started"  # with_leg
    BRIDGE_ENDED = "bridge.ended"  # with_leg, talk_s
    HOLD_STARTED = "hold.started"
    HOLD_ENDED = "hold.ended"  # hold_s
    FORWARDED = "call.forwarded"  # from_extension, to, reason ("busy", "no_answer", "unregistered")
    DIGIT = "digit"  # digit, method ("rfc4733", "info", "inband")
    FLOW_BLOCK = "flow.block"  # flow, block, exit
    FLOW_FAILED = "flow.failed"  # flow, version, block, error: the block could not do its work; the caller goes on
    FLOW_VARIABLES = "flow.variables"  # flow, version, values: what a flow wants kept, at its end
    # queue, position; where asked for: priority, skills, preferred; overflowed_from, waited_s: an agent of this queue
    # answers, in which the caller was a guest for so long
    QUEUE_JOINED = "queue.joined"
    # queue, position (0: not said); with a wait low_s, high_s (as spoken), quantile, expected_s; without one that is
    # configured silent (why: "data", "no_agents", "inflow", "blocked", "risen", "too_long")
    QUEUE_ANNOUNCED = "queue.announced"
    QUEUE_COMFORTED = "queue.comforted"  # queue, message (1 is the first that is configured)
    QUEUE_RELAXED = "queue.relaxed"  # queue, needs (skill: least level, what is left), wait_s
    QUEUE_OVERFLOWED = "queue.overflowed"  # queue, to (waits there too), wait_s
    QUEUE_FORGONE = "queue.forgone"  # queue, agent (preferred, and no longer waited for), wait_s
    # queue, agent, leg of the agent, by (strategy or "preferred"), through (the queue whose agent it is, if another)
    QUEUE_OFFERED = "queue.offered"
    QUEUE_OFFER_ENDED = (
        "queue.offer_ended"  # queue, agent, reason ("no_answer", "busy", "rejected", "unreachable", "lost")
    )
    QUEUE_ANSWERED = "queue.answered"  # queue, agent, wait_s
    QUEUE_ABANDONED = "queue.abandoned"  # queue, wait_s, position
    # queue, wait_s, reason ("timeout", "full", "no_agents", "key", "shutdown", "overflow": `to` another queue)
    QUEUE_LEFT = "queue.left"
    WRAPUP_NOTED = "wrapup.noted"  # queue, agent, code, note: as they are now, during the call or in wrap-up
    WRAPUP_ENDED = "wrapup.ended"  # queue, agent, code ("TIMEOUT": none was given in time), note, wrapup_s
    RECORDING_STARTED = "recording.started"  # recording (id), path relative to the recordings folder
    RECORDING_ENDED = "recording.ended"  # recording, duration_s
    RECORDING_LISTENED = "recording.listened"  # recording, by: somebody heard it over the HTTP API
    RECORDING_DELETED = "recording.deleted"  # recording, by, path
    MEDIA_TIMEOUT = "media.timeout"  # silent_s
    QUALITY_BAD = "quality.bad"  # faults ("mos", "one_way", "dead_air", "clipping"), mos of the last five seconds
    QUALITY_GOOD = "quality.good"  # mos: none of the faults any more
    MEDIA_SECURED = "media.secured"  # method ("sdes", "dtls"), suite: the stream has SRTP keys
    SETTING_CHANGED = "setting.changed"  # extension, setting, value: by a code that was dialled
    PICKED_UP = "call.picked_up"  # by (extension), from_extension
    PARKED = "call.parked"  # lot, slot, by (extension)
    PARK_RETURNED = "call.park_returned"  # lot, slot, to: not fetched in time, the parker rings
    PARK_RETRIEVED = "call.park_retrieved"  # lot, slot, by, parked_s
    GROUP_RANG = "group.rang"  # group, strategy, members
    GROUP_ANSWERED = "group.answered"  # group, member, wait_s
    GROUP_UNANSWERED = "group.unanswered"  # group, wait_s, reason
    CONFIRM_ASKED = "confirm.asked"  # target: whoever answered was asked for a key
    CONFIRM_ENDED = "confirm.ended"  # target, taken
    ROOM_JOINED = "room.joined"  # room, participants, moderator
    ROOM_LEFT = "room.left"  # room, participants, reason ("left", "kicked", "ended"), joined_s
    ROOM_CHANGED = "room.changed"  # room, what ("muted", "unmuted", "locked", "unlocked", ...), by
    PAGED = "page.sent"  # page, phones: how many answered by themselves
    SUPERVISED = "supervisor.joined"  # mode ("listen", "whisper", "barge", "takeover"), supervisor, target
    UNSUPERVISED = "supervisor.left"  # supervisor, target, supervised_s
    RECORDING_PAUSED = "recording.paused"  # recording, by
    RECORDING_RESUMED = "recording.resumed"  # recording, by
    DIRECTORY_FOUND = "directory.found"  # extension, spelled
    # Transfers: `by` is the extension that transfers, `to` what it named, `method` "refer", "code" or "control".
    TRANSFER_STARTED = "transfer.started"  # by, to, method; with_call: the consultation of an attended one
    TRANSFER_COMPLETED = "transfer.completed"  # by, to, method: the two parties hear each other; into_call
    TRANSFER_FAILED = "transfer.failed"  # by, to, method, cause, sip_status
    TRANSFER_RETURNED = "transfer.returned"  # extension: the transferor has the other party again; leg is its own
    # Contacts that somebody owes an answer (pbx.contact): the call id of these events is the item's, and each names
    # `origin_call`, the call that it came from, where there was one.
    CONTACT_OPENED = "contact.opened"  # contact_kind, queue, number, since, promise, owner, reason, automatic
    CONTACT_CLAIMED = "contact.claimed"  # by
    CONTACT_RELEASED = "contact.released"  # by, reason
    CONTACT_ATTEMPT = "contact.attempt"  # call, by, attempt (its number)
    CONTACT_ATTEMPT_ENDED = "contact.attempt_ended"  # outcome, call, attempt
    CONTACT_PREVIEWED = "contact.previewed"  # agent, queue, number, name, preview_s, by, through: he reads it
    CONTACT_PREVIEW_ENDED = "contact.preview_ended"  # agent, queue, outcome (accepted, declined, timeout, lost)
    CONTACT_RESCHEDULED = "contact.rescheduled"  # not_before
    CONTACT_MERGED = "contact.merged"  # merged (the id that goes on as this one), since, times
    CONTACT_BREACHED = "contact.breached"  # deadline ("promise", "10800 s"), owner, open_s
    CONTACT_CLOSED = "contact.closed"  # end, by, reason, open_s, attempts; into: of one that was merged
    # Of the item that a visitor's request led to: site, queue, visit, page, shown_s (what was promised), slot, consent
    # (version of the wording), request (its id)
    WIDGET_REQUESTED = "widget.requested"
    FLOOD_STARTED = "flood.started"  # number (that pages show), calls, window_s: short calls, of which this is the last
    # Callbacks (pbx.callback): events of the call that was placed for the item `contact`.
    CALLBACK_REFUSED = "callback.refused"  # queue, reason: of a caller who asked in the queue for one
    CALLBACK_OFFERED = "callback.offered"  # contact, queue, agent, leg, by, through: the agent's phone rings for it
    CALLBACK_OFFER_ENDED = "callback.offer_ended"  # contact, queue, agent, reason (as queue.offer_ended)
    CALLBACK_ANSWERED = "callback.answered"  # contact, queue, reach_s (INVITE to the customer's answer)
    # contact, queue, agent, mode, attempt (its number), speed_s (request or slot to bridge), age_s (first contact to
    # bridge), hold_s (customer's answer to bridge)
    CALLBACK_BRIDGED = "callback.bridged"
    CALLBACK_SILENT = "callback.silent"  # contact, queue, hold_s: answered, and hung up before an agent was there
    CALLBACK_ENDED = "callback.ended"  # contact, queue, mode, attempt, outcome
    # Voicemail: `box`, `message` (its id), `by` ("agent:101", or "phone:NUMBER" from outside).
    VOICEMAIL_STARTED = "voicemail.started"  # box, message, greeting ("personal", "busy", "absence", "text", "block")
    # box, message, queue, talk_s, outcome ("recorded", "empty"), ended_by ("key", "silence", "max", "hangup")
    VOICEMAIL_RECORDED = "voicemail.recorded"
    VOICEMAIL_LEFT = "voicemail.left"  # box, message, duration_s: it is on disk; recovered: after a crash
    # box, message, ok; characters and took_s, or reason: what was said became text, or will not
    VOICEMAIL_TRANSCRIBED = "voicemail.transcribed"
    VOICEMAIL_FAILED = "voicemail.failed"  # box, message, reason
    VOICEMAIL_REFUSED = "voicemail.refused"  # owner ("box 101"), why ("full", "wrong_pin", "locked")
    VOICEMAIL_OPENED = "voicemail.opened"  # box, new, old: of the call of whoever listens, as the following
    VOICEMAIL_HEARD = "voicemail.heard"  # box, message, by, age_s
    VOICEMAIL_DELETED = "voicemail.deleted"  # box, message, by
    VOICEMAIL_RESTORED = "voicemail.restored"  # box, message, by
    VOICEMAIL_CALLED_BACK = "voicemail.called_back"  # box, message, by, answered, talk_s
    VOICEMAIL_GREETING = "voicemail.greeting"  # box, greeting, on: recorded, or switched
    ANNOUNCEMENT_RECORDED = "announcement.recorded"  # announcement, by
    # Short messages (pbx.sms): the call id of these events is the message's; each names `origin_call` where there was
    # one. `source` is what asked for it ("flow:hotline:send", "queue:sales", "api").
    SMS_QUEUED = "sms.queued"  # number, template, source, reason, parts, coding, language, key
    SMS_REFUSED = "sms.refused"  # number, template, source, reason (why it is not sent)
    SMS_SUBMITTED = "sms.submitted"  # gateway, attempt
    SMS_ACCEPTED = "sms.accepted"  # gateway, parts, cost, currency, queued_s
    SMS_REQUEUED = "sms.requeued"  # gateway, reason: that gateway did not take it
    SMS_IN_DOUBT = "sms.in_doubt"  # gateway, reason: nobody knows whether the gateway took it; it is not sent again
    SMS_DELIVERED = "sms.delivered"  # gateway, delivery_s (accepted to delivered)
    SMS_FAILED = "sms.failed"  # gateway, reason
    SMS_EXPIRED = "sms.expired"  # gateway, reason
    SMS_RECEIVED = "sms.received"  # gateway, number, to, what ("text", "stop", "start"), parts
    SMS_OPTED_OUT = "sms.opted_out"  # number, by
    SMS_OPTED_IN = "sms.opted_in"  # number, by
    SMS_CLICKED = "sms.clicked"  # clicks: the link in the message was opened, for the first time or again
    # Blocks of flows; `block` is the block's name in its flow.
    CALLER_KNOWN = "caller.known"  # block, customer (id, "" for nobody), exact, vip, tags, exit
    # block, country, region, operator, kind ("" for what is not known), source ("visit", "number", "time_zone", ""),
    # certainty (0..1)
    REGION_FOUND = "region.found"
    # block, method, host, status (0: no response), ms, attempts, outcome ("ok", "error", "timeout"), reason
    HTTP_ASKED = "http.asked"
    PIN_CHECKED = "pin.checked"  # block, result ("right", "wrong", "locked", "none"), subject: whose PIN, if known
    # block, dealer ("" for none), number, by ("memory", "stock", "region", "turn"); region, source and certainty as in
    # REGION_FOUND
    DEALER_CHOSEN = "dealer.chosen"
    # block, partner, queue, result ("answered", "cap", "closed", "not_worth", "no_answer", "busy", "failed"), price
    # (expected of a call), currency; where it was weighed giving_up (a probability) and loss; of one that was placed
    # talk_s, billed_s, cost
    OVERFLOW_TRIED = "overflow.tried"
    DUTY_CALLED = "duty.called"  # block, rota, person, target, try, result ("answered", "no_answer", "busy", "failed")
    # block, result ("key", "other", "nothing", "failed"), key, characters: what was said to a menu, which is not kept
    SPEECH_HEARD = "speech.heard"
    CONSENT_NOTED = "consent.noted"  # block, consent, given, basis
    SURVEY_ANSWERED = "survey.answered"  # block, survey, question, answer ("" for none)
    GUARD_CHECKED = "guard.checked"  # block, result ("pass", "drop", "trusted"), attempts
    CALL_TAGGED = "call.tagged"  # block, tag, priority, skills: as they are from here on
    TEST_CALL = "test.call"  # test (name), far: the call that a test call reached, else the one that was placed
    TEST_ENDED = "test.ended"  # test, passed, reason, pdd_s, answer_s, mos, score (least of the prompts)
    # source, medium, campaign, term, content, click_id, click_kind, channel, visit, session, visitor, site, number,
    # probability (0..1), method ("session", "pool", "static", "app", "number", "widget", "none"), unique (first call of
    # this caller within the window), repeat (its number within it, from 1), landing, page, ga_client, ga_session,
    # device, first_source, first_medium, first_campaign (of the visitor's first visit), candidates ([{visit, source,
    # medium, campaign, probability}], where several may have called), region, region_by ("page", "address", "site",
    # "time_zone"), region_probability (of all visits of that region together)
    CALL_ATTRIBUTED = "call.attributed"
    # name, agent, contact, direction ("in", "out"), queue, trigger ("ringing", "answer", "click"), url, open: whether
    # the agent's client does so by itself
    SCREEN_POP = "screen.pop"
    LEG_REPLACED = "leg.replaced"  # by: another far end took the leg over (Replaces, RFC 3891); early

    # Enum's own is a function of Python; each event is looked up by its kind a dozen times.
    __hash__ = str.__hash__


@dataclass(slots=True)
class CallEvent:
    """One step of a call's journey. `at` is UTC in seconds since 1970; `leg` is "a" for the caller, "b1", "b2"...
    after."""

    kind: Kind
    call_id: str
    leg: str
    at: float
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AgentStateChanged:
    """An agent moved: `state` and `previous` are values of pbx.queue.agent.AgentState; `since` is UTC seconds."""

    agent: str
    state: str
    previous: str
    since: float
    previous_s: float
    reason: str = ""
    call_id: str = ""
    code: str = ""  # of the wrap-up that ended
    previous_reason: str = ""  # of a state that an earlier process was in


@dataclass(slots=True)
class AgentBreakExceeded:
    """A break lasts longer than its reason allows; `at` is UTC seconds. `returned`: the agent was made available."""

    agent: str
    reason: str
    limit_s: float
    at: float
    returned: bool = False


@dataclass(slots=True)
class FlowVersionChanged:
    """A version of a flow was published, or withdrawn so that the configuration file's holds again (version 0)."""

    flow: str
    version: int
    previous: int
    by: str
    at: float
    note: str = ""


@dataclass(slots=True)
class PhoneSettingsChanged:
    """A person set something from the phone or by command: `settings` are all fields of PhoneSettings."""

    extension: str
    settings: dict[str, Any]


@dataclass(slots=True)
class ParkSlotChanged:
    """A park slot was taken (`call_id`, who waits, who parked) or is free again (`call_id` ""). For lamps on phones."""

    lot: str
    slot: str
    call_id: str = ""
    caller: str = ""
    parked_by: str = ""


@dataclass(slots=True)
class RegistrationChanged:
    """A contact of an extension came, was refreshed or went."""

    extension: str
    contact: str
    registered: bool
    expires_s: float
    at: float
    reason: str = ""  # why it went, where the phone did not ask for it: "expired", "replaced", "connection_lost"


@dataclass(slots=True)
class NumberBad:
    """The number guard found that a page does not show the number it was given; not `active`: it does again."""

    site: str
    page: str
    line: str  # the logical number
    verdict: str  # "truncated", "href_mismatch", "overwritten", "blocked"; "number_ok" where it is over
    shown: str
    assigned: str
    href: str
    selector: str
    user_agent: str
    visit: str
    active: bool
    at: float


@dataclass(slots=True)
class Alarm:
    """Something an operator must know: `name` is stable and a metric label, `text` names the remedy."""

    name: str
    text: str
    active: bool
    at: float


Handler = Callable[[Any], None]


class EventBus(Publisher):
    """Synchronous publish and subscribe by exact event type; handlers run in the order of subscription, on the
    caller's turn. Most listeners care for a few kinds of call events: they name them, and the others cost nothing.
    """

    def __init__(self, on_error: Callable[[object, BaseException], None] | None = None) -> None:  # noqa: ARG002
        # `Publisher` has taken `on_error` when the object was made.
        self._subscriptions: list[_Subscription] = []
        self.kinded = CallEvent

    def subscribe(
        self, event_type: type, handler: Handler, kinds: Iterable[Kind] | None = None, *, ahead: bool = False
    ) -> Callable[[], None]:
        """Calls `handler(event)` for each published event of exactly `event_type`, of CallEvent only those of `kinds`
        (None: all). Returns the call that unsubscribes it. `ahead`: before those who are there already, the journey
        among them, so that what the handler has kept is on disk no later than the event.
        """
        subscription = _Subscription(event_type, handler, frozenset(kinds) if kinds is not None else None)
        self._subscriptions.insert(0 if ahead else len(self._subscriptions), subscription)
        self._forget(event_type)

        def unsubscribe() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                self._forget(event_type)

        return unsubscribe

    def _forget(self, event_type: type) -> None:
        self.listen(event_type, tuple(e.handler for e in self._subscriptions if e.event_type is event_type))

    def listeners_of(self, kind: Kind) -> tuple[Handler, ...]:
        """The handlers of call events of `kind`: `Publisher` asks once after each subscription."""
        return tuple(
            entry.handler
            for entry in self._subscriptions
            if entry.event_type is CallEvent and (entry.kinds is None or kind in entry.kinds)
        )


class _Subscription:
    """Compared by identity: the same handler may listen twice."""

    __slots__ = ("event_type", "handler", "kinds")

    def __init__(self, event_type: type, handler: Handler, kinds: frozenset[Kind] | None) -> None:
        self.event_type = event_type
        self.handler = handler
        self.kinds = kinds
