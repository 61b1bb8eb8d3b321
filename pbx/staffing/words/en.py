"""English."""

from __future__ import annotations

TEXTS = {
    "erlang_a": "Erlang A with handling {handling:.0f} s and patience {patience:.0f} s",
    "erlang_c": "Erlang C with handling {handling:.0f} s, nobody gives up",
    "met": "met",
    "missed": "missed",
    "now": "now",
    "span": "{first} to {last}",
    "need": "Need on {when}, {share:.0%} within {within:g} s{give_up}",
    "need_give_up": ", at most {share:.0%} give up",
    "nobody": "{name}nobody is expected: nobody called on {days} days of the kind.",
    "expected": "{name}{total:.0f} calls expected ({low:.0f} to {high:.0f} on nine of ten such days), from {days} "
    "days of {kind}.{grows}",
    "kind": "the kind",
    "kind_pooled": "other working days, for want of its own",
    "grow": " Calls grow by {share:.1%} a week.",
    "fall": " Calls fall by {share:.1%} a week.",
    "together": "{total:.0f} calls expected on all {days} days together.",
    "rostered": "{formula}; roster with {shrinkage:.0%} shrinkage.",
    "left_out": "Left out: {day} ({why}).",
    "left_out_many": "{count} days are left out; the newest:",
    "asked": "as asked",
    "shut": "{calls:.0f} calls, {usual:.0f} are usual: shut or out of order",
    "flood": "{calls:.0f} calls, {usual:.0f} are usual: a flood",
    "gaps": "Hours without a call were filled with what is usual: {days}.",
    "day_before": "the day before",
    "days_before": "{days} days before",
    "tried": "Forecasts of the last {days} days with calls, made {before}, were wrong by {wrong:.0%} of the calls of "
    "a quarter hour.",
    "untried": "No past day could be forecast {before}: nothing measures how wrong this one may be.",
    "beyond": "{last} is {ahead} days after the last day that is known ({newest}): forecasts are tried {most} days "
    "ahead at most,\nso that nothing measures this one, and its range does not hold what seasons and growth change "
    "until then.",
    "unread": "Without calendar {names}: the PBX has no copy of it yet, so that days which it closes count as any "
    "others. Start the PBX with it, or name a file as its source.",
    "hour": "{calls:g} calls an hour, {share:.0%} within {within:g} s",
    "hour_notes": "{formula}. Cost = agents x {agent_hour:g} + callers who give up x {lost_call:g}.",
    "month": "{queue}: a month of {calls:,.0f} calls, {share:.0%} within {within:g} s",
    "month_notes": "Agents: in each {minutes} minutes of the next {days} days as many as the target needs, and so "
    "many more or less (one stays).\n{formula}; handling time by hour.\nCost = agent hours / (1 - {shrinkage:.0%} "
    "shrinkage) x {agent_hour:g} + callers who give up x {lost_call:g}.\nFrom and to: nine of ten such months, from "
    "how days, handling and patience differed.",
    "promise": "Guaranteed callback time, {share:.0%} of promises kept, {period}",
    "promise_notes": "Guaranteed: within it the phone rings for {share:.0%} of those who ask at that hour, rounded as "
    "the widget shows it.\nThe widget says the longer of it and of what the queue says at the moment, and nothing "
    "above max_seconds.\nIt takes {fewest} requests: of the hour, of it and those beside it, or the newest of all "
    "hours; before that, the\nwaits of {callers} callers at that hour stand for them. From and to: 95 % interval of "
    "the quantile.\nKept: of what was promised and has its end, with its 95 % interval (Wilson). Never rung is "
    "endless; who chose an\nhour or asked while it was shut does not count. Callers wait: the quantile of their waits "
    "(Kaplan-Meier).",
    "by_hour": "this hour",
    "by_around": "3 hours",
    "by_day": "all hours",
    "by_callers": "callers",
    "by_": "too few",
    "never_rung": "{basis}, too many never rung",
    "accuracy": "Forecasts of {queue} tried on past days",
    "accuracy_notes": "Every day is forecast from the days before it, {ahead} ahead; days left out by rule are no "
    "test.\nWAPE = sum of |expected - came| / calls that came. Bias = (expected - came) / came. In the range: the "
    "share of days whose calls were\nwithin the range that is to hold nine of ten, with its 95 % interval (Wilson). "
    "{odd}",
    "accuracy_odd": "{days} days were left out as unusual.",
    "a_day": "a day",
    "days": "{days} days",
    "last week": "last week",
    "seasonal": "seasonal",
    "ets": "ets",
    "roster": "Roster {first} to {last}",
    "away": "away",
    "coverage": "Need and plan {first} to {last}",
    "coverage_notes": "{calls:.0f} calls expected; {served:.1%} served within {within:g} s, {lost:.1%} give up "
    "(Erlang A with the fewest people of each hour).",
    "needed": "Need {wanted:g} hours of people: {missing:g} are missing, {over:g} are more than needed.",
    "skill_short": "Skill {name}: {hours:g} hours are missing.",
    "office_short": "Office {name}: {hours:g} hours without {least} people.",
    "proven": "No better plan exists (found in {seconds:.1f} s).",
    "stopped": "Stopped after {seconds:.0f} s: a better plan may exist, by {gap:.0%} at most (more --seconds).",
    "contracts": "Below the contract: {names}.",
    "wishes": "Wishes that were not met: {names}; more people who can work then, or a higher [weights] wish (now "
    "{weight}), would meet them.",
    "more": "{names} and {count} more",
    "ask_skill": "Skill {name}: {least} are wanted at a time and those who have it are {able}: add it to somebody's "
    "skills, or lower it.",
    "ask_skill_nobody": "Skill {name}: {least} are wanted at a time and nobody has it: add it to somebody's skills, "
    "or lower it.",
    "ask_office": "Office {name}: {least} are wanted and {there} belong to it: write office = {name!r} for somebody, "
    "or lower it.",
    "ask_shorter": "{person}: the shortest shift he can work has {shortest:g} h, contract {contract!r} {hours:g} h a "
    "week, so he gets none: add a shorter shape, or raise hours.",
    "ask_days": "{person}: {days} days a week of {longest:g} h at most cannot fill the {least:g} h of contract "
    "{contract!r}: raise days_a_week, or write least_hours = {most}.",
    "ask_turn": "{person}: team {team!r} has the turn {turn!r}, which he cannot work, so he gets no shift in that "
    "week: add {turn!r} to his shapes, or move him to another team.",
    "ask_wish": "{person}'s wish of {day} ({wish}) cannot be met: {why}.",
    "why_away": "he is away then: take the day out of away, or the wish out",
    "why_shapes": "his shapes do not hold it: add {wish!r} to them",
    "why_days": "{wish!r} is not worked on that weekday ({weekday}): add the day to its days",
    "why_turn": "his team's turn in that week is {turn!r}: take him out of team {team!r} for that week",
    "why_closed": "nobody is needed on that day",
}
