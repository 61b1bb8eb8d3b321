"""A trailer or a lorry: the smallest roster of those simulated that keeps the target on nineteen days of twenty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.reporting.page.svg import Bar, heat_map
from pbx.reporting.page.texts import WEEKDAYS
from pbx.reporting.sheet import Sheet
from pbx.twin.fitting import Fit
from pbx.twin.page import Story, Words
from pbx.twin.scenarios import Price, Scenario, worst
from pbx.twin.simulation import Day, World

PEAK_HOURS = 3
LEAST_LOST = 0.005  # of all calls: less than that breaks nothing


def within_bad(one: Scenario) -> float:
    """The share served in time that nineteen days of twenty reach; 0 when nobody is ever at work."""
    shares = [1 - day.within / (day.calls - day.closed) for day in one.days if day.calls > day.closed]
    return 1 - worst(shares) if shares else 0.0


def verdict(
    scenarios: Sequence[Scenario], given: int, share: float, told: tuple[Fit, World, Price], words: Words
) -> list[str]:
    """Sentences; `given` is the number of the roster that was asked for, `share` the target."""
    found, world, price = told
    by_size = sorted(scenarios, key=lambda one: one.roster.hours)
    fits = next((one for one in by_size if within_bad(one) >= share), None)
    base = scenarios[given]
    if fits is None:
        most = by_size[-1]
        aims = {"share": words.share(within_bad(most)), "aim": words.share(share)}
        said = [words("lorry", name=_name(most, words), hours=most.roster.hours, **aims)]
    else:
        more = fits.roster.hours - base.roster.hours
        enough = words("trailer", name=_name(fits, words), hours=fits.roster.hours)
        if more > 0:
            said = [words("smaller", name=_name(fits, words), missing=more)]
        elif more < 0:
            said = [enough, words("larger", name=_name(fits, words), saved=-more)]
        else:
            said = [enough, words("fits")]
    chosen = fits if fits is not None else by_size[-1]
    said += [_needs(chosen, world, price, words), _breaks(chosen, words)]
    if chosen is not base:
        said.append(words("given_breaks", what=_breaks(base, words)))
    hours = sorted((sum(day[hour] for day in found.arrivals) for hour in range(24)), reverse=True)
    said.append(words("off_peak", share=words.share(sum(hours[:PEAK_HOURS]) / sum(hours))))
    return said


def _needs(one: Scenario, world: World, price: Price, words: Words) -> str:
    """People, hours, lines, who is served and what a day costs, with what nine days of ten stay within."""
    served = _shares(one, lambda day: day.within)
    most = max(map(max, one.roster.agents))
    lines = world.lines or round(worst([float(day.most_lines) for day in one.days]))
    about = {"low": words.share(_edge(served, 0.05)), "high": words.share(_edge(served, 0.95))}
    text = words("needs", people=most, hours=one.roster.hours, lines=lines, share=words.share(_pooled(one)), **about)
    if not (price.agent_hour or price.lost_call or price.line_day):
        return text
    costs = sorted(cost_of(day, lines, price) for day in one.days)
    low, mean, high = (words.count(round(value)) for value in (_edge(costs, 0.05), _mean(costs), _edge(costs, 0.95)))
    return f"{text} {words('costs', cost=mean, low=low, high=high)}"


def _pooled(one: Scenario) -> float | None:
    """Served in time, of all calls of all days that came while anybody worked."""
    calls = sum(day.calls - day.closed for day in one.days)
    return sum(day.within for day in one.days) / calls if calls else None


def _breaks(one: Scenario, words: Words) -> str:
    """Of what most callers are lost, and in which hour."""
    calls = sum(day.calls for day in one.days)
    causes = {name: sum(getattr(day, name) for day in one.days) for name in ("abandoned", "blocked", "closed")}
    cause = max(causes, key=lambda name: causes[name])
    if not calls or causes[cause] < LEAST_LOST * calls:
        return words("breaks_none")
    by_hour = [sum(day.lost[hour] for day in one.days) for hour in range(24)]
    return words(f"breaks_{cause}", share=words.share(causes[cause] / calls), hour=by_hour.index(max(by_hour)))


def cost_of(day: Day, lines: int, price: Price) -> float:
    """Of one day: people, lines, and callers who were not served."""
    lost = day.abandoned + day.blocked + day.closed
    return day.agent_h * price.agent_hour + lost * price.lost_call + lines * price.line_day


def _edge(values: Sequence[float], part: float) -> float:
    return values[min(int(part * len(values)), len(values) - 1)]


def _name(one: Scenario, words: Words) -> str:
    """Of a roster named by how many people it has more: "-1", "+2"."""
    if one.name[0] not in "+-":
        return words("as_given")
    return words(f"agents {one.name[0]}", n=one.name[1:])


def story(
    scenarios: Sequence[Scenario], given: int, share: float, told: tuple[Fit, World, Price, Sheet], words: Words
) -> Story:
    """The page of simulated days."""
    found, world, price, table = told
    days = words.count(len(scenarios[0].days))
    said = verdict(scenarios, given, share, (found, world, price), words)
    lead = words("lead_simulated", first=found.first, last=found.last, calls=words.count(found.calls), days=days)
    page = Story(words("simulated", days=days), lead, table, verdict=said)
    about = words("compare_about", what=words("of_days"))
    gives_up = [_shares(one, lambda day: day.abandoned) for one in scenarios]
    in_time = [_shares(one, lambda day: day.within) for one in scenarios]
    page.bars = [
        (words("gives_up"), about, _bars(scenarios, gives_up, _mean(gives_up[given]), words)),
        (words("in_time", seconds=f"{world.within_s:g}"), about, _bars(scenarios, in_time, share, words)),
    ]
    most = words.count(round(found.peak[2], 1))
    titles = [f"{hour}" if hour % 2 == 0 else "" for hour in range(24)]
    picture = heat_map(words("when"), words("when_about", most=most), WEEKDAYS[words.language], titles, found.arrivals)
    page.map = (words("when"), picture, words("when_about", most=most))
    times = {"talk": f"{world.talk_s:.0f}", "wrapup": f"{world.wrapup_s:.0f}", "patience": f"{world.patience_s:.0f}"}
    page.paragraphs.append((words("method"), [words("limits_simulated", **times)]))
    return page


def _shares(one: Scenario, figure: Callable[[Day], int]) -> list[float]:
    return sorted(figure(day) / (day.calls - day.closed) for day in one.days if day.calls > day.closed) or [0.0]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _bars(scenarios: Sequence[Scenario], shares: Sequence[Sequence[float]], aim: float, words: Words) -> list[Bar]:
    return [
        Bar(
            one.name if one.name[0] in "+-" else words("as given"),
            _mean(some),
            _edge(some, 0.05),
            _edge(some, 0.95),
            aim,
        )
        for one, some in zip(scenarios, shares, strict=True)
    ]
