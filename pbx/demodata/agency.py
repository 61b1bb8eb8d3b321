"""The company whose year is made up: a hotline with twelve consultants, as its owner described it.

11,250 calls in and 10,300 out a month, two teams on two shifts of six; four fifths of the calls within office hours
come in the same three hours (some 130 an hour, 6.5 erlang, for six agents: more than they can answer). The rest of the
figures are assumptions, each named here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Shift:
    """A team at work, in hours of the local day."""

    team: str
    agents: tuple[str, ...]
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where callers have the number from; `share` of all callers."""

    did: str
    tag: str
    campaign: str
    medium: str
    share: float


@dataclass(frozen=True, slots=True)
class Agency:
    """Volumes are calls a month of a year's average; durations are seconds."""

    zone: str = "Europe/Warsaw"
    country: str = "PL"
    inbound: int = 11_250
    outbound: int = 10_300
    opens: int = 8
    closes: int = 18
    peaks: tuple[int, ...] = (10, 11, 15)  # hours of the day
    peak_share: float = 0.80  # of the calls within office hours
    # Of all calls, by month: evenings of advertising before Christmas bring the "up to 40 %" of the documents.
    off_hours: tuple[float, ...] = (0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.14, 0.14, 0.12, 0.12, 0.12, 0.40)
    handling_s: float = 180.0  # talk and wrap-up: 143 calls an hour are 7.15 erlang
    wrapup_s: float = 30.0
    spread: float = 0.6  # sigma of the logarithm of talk times
    patience_s: float = 300.0  # exponential
    redials: float = 0.30  # of those who gave up
    redial_s: float = 420.0  # the mean pause before it
    answers: float = 0.84  # of outbound calls that follow an SMS: over 80 % are answered
    outbound_talk_s: float = 75.0
    reached: tuple[float, float] = (0.92, 0.64)  # of a missed customer at once, and after an hour or more
    web: int = 420  # requests a month to be called, on the page
    choice_from: int = 7  # at this place in the line some choose to be called instead
    choice: float = 0.10
    partner_from: int = 9  # at this place in the line it is worth a partner's price
    partner_share: float = 0.25
    partner_minutes: float = 15.0  # a day: the cap of what he may talk
    partner_price: float = 1.10  # a minute, PLN
    voicemail: float = 0.22  # of those who ring outside office hours
    dealer: float = 0.10  # of them: answered by the dealer of their region
    rona: float = 0.015  # an agent does not accept
    careless: tuple[str, ...] = ("205", "211")  # who do so oftener
    careless_rona: float = 0.07
    absent_s: float = 60.0  # whose phone rang in vain is offered nothing for so long
    break_s: float = 900.0
    survey: float = 0.09  # of the callers who were served say how it was
    trunk_faults: float = 0.012  # the first trunk does not take the call, the second does
    sms_campaign: int = 37_790  # messages a month
    sms_automatic: int = 3_065
    customers: int = 40_000  # who ring now and then
    queue: str = "hotline"
    trunk: str = "carrier"
    shifts: tuple[Shift, ...] = (
        Shift("early", ("201", "202", "203", "204", "205", "206"), 8, 13),
        Shift("late", ("207", "208", "209", "210", "211", "212"), 13, 18),
    )
    offices: tuple[tuple[str, tuple[str, ...]], ...] = (  # each with people of both shifts
        ("Warszawa", ("201", "202", "207", "208", "209")),
        ("Kraków", ("203", "204", "210")),
        ("Wrocław", ("205", "211")),
        ("Gdańsk", ("206", "212")),
    )
    sources: tuple[Source, ...] = (
        Source("+48221000001", "website", "", "organic", 0.30),
        Source("+48221000002", "search", "brand", "cpc", 0.22),
        Source("+48221000003", "search", "products", "cpc", 0.17),
        Source("+48221000004", "billboard", "spring", "outdoor", 0.09),
        Source("+48221000005", "app", "", "app", 0.10),
        Source("+48221000006", "sms", "follow-up", "sms", 0.08),
        *(
            Source(f"+4822100001{number}", "dealers", name, "referral", 0.01)
            for number, name in enumerate(("Mazowsze", "Małopolska", "Śląsk", "Pomorze"))
        ),
    )
    months: tuple[float, ...] = field(  # seasons: Christmas shopping, and a quiet summer
        default=(0.96, 0.95, 1.0, 0.98, 0.98, 0.95, 0.88, 0.90, 1.0, 1.05, 1.13, 1.22)
    )
    weekdays: tuple[float, ...] = (1.16, 1.04, 1.0, 0.96, 0.84)

    @property
    def talk_s(self) -> float:
        return self.handling_s - self.wrapup_s

    def on_duty(self, second: float) -> tuple[str, ...]:
        """Who works at this second of an office day."""
        return next((s.agents for s in self.shifts if s.begins * HOUR <= second < s.ends * HOUR), ())


# Of a quiet hour outside office hours, by hour of the day: evenings and early mornings.
NIGHT = (1, 1, 1, 1, 1, 2, 5, 10, 6, 7, 8, 8, 7, 7, 6, 6, 6, 6, 14, 12, 9, 6, 4, 2)
