"""The configuration: one TOML file, environment variables over it, refused with the key and a remedy when wrong."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pbx.config_accounts import Accounts, Oidc
from pbx.config_api import Api
from pbx.config_base import Language, Section
from pbx.config_blocks import Calendar, Dealer, Dealers, Hours, PinList, Rota
from pbx.config_callback import Callback
from pbx.config_contacts import Contacts
from pbx.config_distribution import CallerList
from pbx.config_features import (
    Directory,
    FeatureCodes,
    FollowStep,
    PageGroup,
    Parking,
    RingGroup,
    Room,
    Supervision,
)
from pbx.config_http import Http
from pbx.config_ledger import Crm, Ga4, Ledger
from pbx.config_live import Live
from pbx.config_media import DigitWay, Media, MediaEncryption
from pbx.config_outbox import Outbox
from pbx.config_overflow import Partner
from pbx.config_presence import InCall, Messages, Subscriptions, Transfer
from pbx.config_queue import Agent, BreakReason, Queue, Shift, Team
from pbx.config_reports import ReportSchedule, Smtp
from pbx.config_ring import Ring, Tone
from pbx.config_screenpop import ScreenPop
from pbx.config_selftest import SelfTest
from pbx.config_server import Dns, Server, Sip, Store, Tls
from pbx.config_sms import Sms
from pbx.config_speech import Speech
from pbx.config_voicemail import Announcement, Voicemail
from pbx.config_web import MaskedNumber, NumberPool, SourceRule, Tracking, WebSite
from pbx.config_webhooks import Webhooks

__all__ = [
    "Agent",
    "Announcement",
    "Api",
    "Bans",
    "BreakReason",
    "Calendar",
    "Callback",
    "CallerId",
    "Config",
    "Contacts",
    "Crm",
    "Dealer",
    "Dealers",
    "Directory",
    "Dns",
    "Emergency",
    "Extension",
    "FeatureCodes",
    "Flow",
    "FollowStep",
    "Ga4",
    "Hours",
    "Http",
    "Language",
    "Ledger",
    "Live",
    "MaskedNumber",
    "Media",
    "Number",
    "NumberForm",
    "NumberPool",
    "Numbering",
    "Outbox",
    "PageGroup",
    "Parking",
    "Partner",
    "PinList",
    "Queue",
    "RingGroup",
    "Room",
    "Rota",
    "Route",
    "ScreenPop",
    "Screening",
    "Section",
    "Server",
    "Shift",
    "Sip",
    "Site",
    "Sms",
    "SourceRule",
    "Speech",
    "Store",
    "Supervision",
    "Team",
    "Tls",
    "Tracking",
    "Trunk",
    "WebSite",
    "Webhooks",
]

NumberForm = Literal["dialled", "+e164", "e164", "00e164", "national", "local"]  # see pbx.numbers.forms


class Extension(Section):
    number: str
    secret: str
    name: str = ""
    ring_timeout_s: float = Field(default=30.0, gt=0)
    max_calls: int = Field(default=2, ge=1)
    outbound: bool = False
    outbound_max_calls: int = Field(default=2, ge=1)  # at the same time
    outbound_minutes_per_day: int = Field(default=60, ge=0)  # 0: no limit; the day is UTC
    international: bool = False  # may use routes that are marked so
    forward_always: str = ""  # what phones set by code goes before what is written here, as with all forwards
    forward_busy: str = ""
    forward_no_answer: str = ""
    forward_unregistered: str = ""
    follow_me: list[FollowStep] = []
    call_waiting: bool = True  # false: a second call finds the phone busy
    call_groups: list[str] = []  # whose pickup groups hold one of these may take a call that rings here
    pickup_groups: list[str] = []
    intercom: bool = True  # may be called with auto-answer
    music: str = ""  # heard by whom this phone holds; empty: the queue's or the trunk's
    speed_dials: dict[str, str] = {}
    directory: bool = True  # found by name
    supervisor: bool = False
    supervises: list[str] = []  # queues, call groups or extensions; empty with `supervisor`: everybody
    record: bool = False
    transfer: Literal["all", "internal", "none"] = "all"  # where its calls may be transferred, within its other rights
    media_encryption: MediaEncryption = "none"
    dtmf: DigitWay = "rtp"
    incall_codes: bool = False  # may press the codes of [incall] while talking
    caller_id: str = ""  # number shown outside, such as a virtual mobile number; empty: the trunk's
    withhold_number: bool = False  # calls out without number, as with features.withhold_number
    site: str = ""  # a [[site]]: where the phone stands, for emergency calls
    # How calls are set up with this account; unset: as in [sip]
    prack: Literal["never", "supported", "required"] | None = None
    session_timers: Literal["never", "supported", "always"] | None = None
    session_expires_s: int | None = Field(default=None, ge=90, le=86_400)
    outbound_money_per_day: float = Field(default=0.0, ge=0)  # in the currency of the trunks' prices; 0: no limit
    outbound_money_per_month: float = Field(default=0.0, ge=0)


class Trunk(Section):
    name: str
    peers: list[str] = []  # addresses or networks that may send calls to us; nothing else is trusted, loopback neither
    host: str = ""  # where outbound calls go: "carrier.example", "10.0.0.1:5070", "10.0.0.1:5070;transport=tcp"
    tls_verify: bool = True  # over TLS its certificate must be for `host`, and of a CA that counts (tls.ca)
    certificate_names: list[str] = []  # a client certificate for one of these identifies it as well as `peers` do
    username: str = ""  # our address-of-record's user, and who answers the carrier's challenges
    auth_username: str = ""  # who answers them, where that is another name
    secret: str = ""
    caller_id: str = ""
    max_calls: int = Field(default=30, ge=1)
    application: str = ""  # for a called number that no [[number]] lists
    music: str = ""  # heard by its callers who are held
    media_encryption: MediaEncryption = "none"
    # How calls are set up with this account; unset: as in [sip]
    prack: Literal["never", "supported", "required"] | None = None
    session_timers: Literal["never", "supported", "always"] | None = None
    session_expires_s: int | None = Field(default=None, ge=90, le=86_400)
    dtmf: DigitWay = "rtp"
    # Registration
    registration: bool = False  # REGISTER there, so that it knows where to send our calls
    registrar: str = ""  # "sip.carrier.example", when it is not `host`
    register_expires_s: int = Field(default=3600, ge=30, le=86_400)
    # Numbers
    country: str = ""  # whose way of writing numbers the carrier uses; empty: numbering.country
    number_format: NumberForm = "dialled"  # of called numbers, caller IDs too unless `caller_id_format` differs
    caller_id_format: NumberForm | None = None
    number_prefix: str = ""  # digits in front of every called number
    caller_ids: list[str] = []  # what the carrier lets us show: numbers, or beginnings with "*"; empty: anything
    identity: Literal["from", "p-asserted-identity", "p-preferred-identity", "remote-party-id"] = "from"
    trust_identity: bool = True  # believe the P-Asserted-Identity of its calls
    call_info: bool = False  # phones are given the Call-Info of its calls: icons and cards, whose links they may fetch
    # Health
    options_every_s: float = Field(default=0.0, ge=0)  # 0: the trunk is not asked whether it lives
    options_failures: int = Field(default=2, ge=1)  # unanswered in a row: down
    options_successes: int = Field(default=2, ge=1)  # answered in a row: up again
    response_timeout_s: float = Field(default=5.0, gt=0)  # without any response to an INVITE: the next trunk
    # Which failures are the trunk's, so that the next one is tried; None: see docs/trunks.md
    reroute_statuses: list[int] | None = None  # SIP
    reroute_causes: list[int] | None = None  # Q.850, where the carrier gives a Reason
    # Money, in the currency of the price list
    rates: str = ""  # CSV file: prefix, price_per_minute...
    rate_per_minute: float | None = Field(default=None, ge=0)  # for numbers that `rates` does not list
    currency: str = ""
    money_per_day: float = Field(default=0.0, ge=0)  # 0: no limit
    money_per_month: float = Field(default=0.0, ge=0)


class Route(Section):
    """Outbound: the longest matching prefix wins; `strip` digits go, `prefix` is put in front."""

    match: str
    trunk: str = ""
    trunks: list[str] = []  # instead of `trunk`: several, tried one after the other
    order: Literal["listed", "cost"] = "listed"  # "cost": the cheapest for the number first
    strip: int = Field(default=0, ge=0)
    prefix: str = ""
    international: bool = False  # only for extensions that may call abroad
    hours: str = ""  # outside them the route does not exist


class Number(Section):
    """A number or _PATTERN that can be dialled, from a phone or (with `trunks`) from outside, and where it leads."""

    number: str
    last: str = ""  # the last one of a range that begins with `number`
    application: str  # "flow:hotline", "queue:sales", "extension:101", "echo"
    trunks: list[str] = []
    internal: bool = True
    hours: str = ""  # outside them the next two apply
    closed: str = ""  # an application
    holiday: str = ""  # empty: as closed
    tag: str = ""  # for reports and flows, as the next ones: where callers got the number from
    campaign: str = ""
    medium: str = ""  # "site", "app", "billboard"...
    region: str = ""  # that it is advertised in
    cost_per_call: float = Field(default=0.0, ge=0)
    ring: Tone = ""  # distinctive ring of the phones that its callers reach


class CallerId(Section):
    """What calls out show that are made for a tag (of the number that was called, or of a campaign)."""

    tag: str
    number: str
    name: str = ""


class Site(Section):
    """An office, where phones stand: what an emergency call from there shows and tells, and what is common there."""

    name: str
    timezone: str = ""  # empty: the server's
    language: Language | None = None  # in which its phones are spoken to
    prefix: str = ""  # "7": extension 7101 is also reached as 101 from the same site
    caller_id: str = ""  # shown outside by its phones that have none of their own
    emergency_caller_id: str = ""  # a number that the emergency service can call back and knows the address of
    location: str = ""  # in words, for the alarm and the call's record
    geolocation: str = ""  # URI of the location (RFC 6442), for carriers that take it


class Emergency(Section):
    numbers: list[str] | None = None  # None: those of numbering.country; [] turns special treatment off
    trunks: list[str] = []  # in this order; empty: every trunk with a host
    preempt: bool = True  # ends another call when all trunks are full


class Numbering(Section):
    country: str = ""  # ISO 3166 ("PL", "RU"): how numbers without country code are read; "": as they come
    ranges: list[str] = []  # CSV files: regions and operators of number ranges
    regions: bool = True  # names of regions from the number plan, when there is a country


class Screening(Section):
    """Who may call in. The lists are kept with `centrala block` and `centrala allow`."""

    anonymous: str = "accept"  # or "reject", "announce", "flow:NAME": callers who withhold their number
    announcement: dict[Language, str] = {}  # what "announce" says; empty: a sentence of ours


class Bans(Section):
    """Sources that guess or scan are not heard for a while."""

    enabled: bool = True
    allow: list[str] = []  # addresses and networks that are never banned
    guesses: int = Field(default=60, ge=10)  # wrong passwords within window_s
    scans: int = Field(default=100, ge=10)  # requests for different accounts without a right password, within window_s
    garbage: int = Field(default=1000, ge=100)  # messages that are no SIP, within window_s
    window_s: float = Field(default=600.0, gt=0)
    ban_s: float = Field(default=600.0, gt=0)  # the first time; doubled with each further one
    max_ban_s: float = Field(default=86_400.0, gt=0)


class Flow(Section):
    name: str
    language: Language | None = None
    voice: dict[Language, str] = {}  # a [[speech.voice]] for each language; else speech.voices
    start: str = ""
    python: str = ""  # "package.module:coroutine" instead of blocks
    file: str = ""  # a flow as JSON instead of blocks
    published: bool = False  # the flow is only in the database, as `centrala flow publish` put it there
    defaults: dict[str, str] = {}  # exit to block, for exits that are not wired
    on_hangup: str = ""  # the block that runs when the caller has hung up
    variables: dict[str, Any] = {}  # with what they begin
    journal: list[str] = []  # names of variables whose values the journey keeps
    block: dict[str, dict[str, Any]] = {}


class Config(Section):
    server: Server = Server()
    sip: Sip = Sip()
    tls: Tls = Tls()
    dns: Dns = Dns()
    media: Media = Media()
    http: Http = Http()
    api: Api = Api()
    accounts: Accounts = Accounts()
    oidc: Oidc = Oidc()
    store: Store = Store()
    speech: Speech = Speech()
    features: FeatureCodes = FeatureCodes()
    supervision: Supervision = Supervision()
    directory: Directory = Directory()
    speed_dials: dict[str, str] = {}  # the company's, after features.speed_dial
    transfer: Transfer = Transfer()
    incall: InCall = InCall()
    ring: Ring = Ring()
    subscriptions: Subscriptions = Subscriptions()
    messages: Messages = Messages()
    extension: list[Extension] = []
    trunk: list[Trunk] = []
    route: list[Route] = []
    number: list[Number] = []
    agent: list[Agent] = []
    queue: list[Queue] = []
    break_reason: list[BreakReason] = []
    team: list[Team] = []
    shift: list[Shift] = []
    caller_list: list[CallerList] = []
    flow: list[Flow] = []
    hours: list[Hours] = []
    calendar: list[Calendar] = []
    rota: list[Rota] = []
    pin_list: list[PinList] = []
    dealer: list[Dealer] = []
    dealers: Dealers = Dealers()
    partner: list[Partner] = []
    parking: list[Parking] = []
    room: list[Room] = []
    group: list[RingGroup] = []
    page: list[PageGroup] = []
    site: list[Site] = []
    caller_id: list[CallerId] = []
    voicemail: list[Voicemail] = []
    announcement: list[Announcement] = []
    selftest: list[SelfTest] = []
    screen_pop: list[ScreenPop] = []
    smtp: Smtp = Smtp()
    report_schedule: list[ReportSchedule] = []
    emergency: Emergency = Emergency()
    numbering: Numbering = Numbering()
    screening: Screening = Screening()
    bans: Bans = Bans()
    contacts: Contacts = Contacts()
    callback: Callback = Callback()
    sms: Sms = Sms()
    tracking: Tracking = Tracking()
    site_web: list[WebSite] = []
    source_rule: list[SourceRule] = []
    number_pool: list[NumberPool] = []
    masked_number: list[MaskedNumber] = []
    ledger: Ledger = Ledger()
    ga4: list[Ga4] = []
    crm: list[Crm] = []
    outbox: Outbox = Outbox()
    live: Live = Live()
    webhooks: Webhooks = Webhooks()
