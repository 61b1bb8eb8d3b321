"""Pictures for reports: heat map, curves with bands, bars. Plain SVG, readable without colour and by a screen reader.

Each picture has a title and a description; numbers stand beside shades wherever there is room for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pbx.reporting.page.written import written

INK, FAINT, GRID = "#1c2733", "#5c6b7a", "#dde3ea"
SHADES = ((244, 248, 252), (33, 102, 172), (6, 41, 86))  # none, half, most
COLOURS = ("#2166ac", "#b2182b", "#4d9221", "#7b3294", "#8c510a")
FONT = "font-family='system-ui,sans-serif'"
MOST_NAMES = 15  # below bars
FEWEST = 10  # cases, of fewer a share is drawn as its interval alone
Format = Callable[[float], str]


@dataclass(slots=True)
class Curve:
    """(x, y, low, high) points; low and high are equal to y where there is no band. A step curve holds its value."""

    name: str
    points: Sequence[tuple[float, float, float, float]]
    steps: bool = False


@dataclass(slots=True)
class Axis:
    """From `low` to `high` with a mark every `step`."""

    title: str
    low: float
    high: float
    step: float
    text: Format = field(default="{:g}".format)

    def marks(self) -> list[float]:
        count = int((self.high - self.low) / self.step + 1e-9)
        return [self.low + n * self.step for n in range(count + 1)]

    def place(self, value: float, begin: float, end: float) -> float:
        span = self.high - self.low
        share = (min(max(value, self.low), self.high) - self.low) / span if span else 0.0
        return begin + share * (end - begin)


def round_up(highest: float) -> tuple[float, float]:
    """(the top of an axis, the step of its marks): 1, 2 or 5 times a power of ten, five marks or so."""
    step = 1.0
    while highest / step > 6:
        step *= 2.5 if f"{step:.0e}"[0] == "2" else 2
    return max(step * -(-highest // step), step), step


def shade(share: float) -> str:
    """From nothing (0) to most (1)."""
    share = min(max(share, 0.0), 1.0)
    low, high = (SHADES[0], SHADES[1]) if share < 0.5 else (SHADES[1], SHADES[2])
    part = share * 2 if share < 0.5 else share * 2 - 1
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(low, high, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def heat_map(
    title: str,
    description: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    text: Format = "{:.0f}".format,
) -> str:
    """`values[row][column]`; `columns` are written where they are not ""."""
    left, top, height, width = 70, 34, 26, 900 / max(len(columns), 1)
    most = max((value for line in values for value in line), default=0.0)
    parts = []
    for y, (name, line) in enumerate(zip(rows, values, strict=True)):
        at = top + y * height
        parts.append(_text(left - 8, at + height / 2 + 4, name, anchor="end"))
        for x, value in enumerate(line):
            share = value / most if most else 0.0
            told = written(f"{name} {_column(columns, x)}: {text(value)}")
            parts.append(
                f"<rect x='{left + x * width:.1f}' y='{at}' width='{width - 0.5:.1f}' height='{height - 1}' "
                f"fill='{shade(share)}'><title>{told}</title></rect>"
            )
    for x, name in enumerate(columns):
        if name:
            parts.append(_text(left + x * width, top - 8, name))
    bottom = top + len(rows) * height
    parts.append(_scale(left, bottom + 14, most, text))
    return _svg(title, description, left + 910, bottom + 44, parts)


def _column(columns: Sequence[str], x: int) -> str:
    """The heading of a column: the last one before it that is written, with how far behind it this one is."""
    for back in range(x, -1, -1):
        if columns[back]:
            return columns[back] if back == x else f"{columns[back]} +{x - back}"
    return str(x)


def _scale(x: float, y: float, most: float, text: Format) -> str:
    parts = [_text(x, y + 11, text(0.0))]
    begin = x + 34
    parts += [f"<rect x='{begin + n * 16}' y='{y}' width='16' height='14' fill='{shade(n / 9)}'/>" for n in range(10)]
    return "".join([*parts, _text(begin + 168, y + 11, text(most))])


def curves(title: str, description: str, across: Axis, up: Axis, lines: Sequence[Curve]) -> str:
    """Curves over common axes, their bands behind them."""
    left, right, top, bottom = 70, 880, 20, 300
    parts = _axes(across, up, (left, right, top, bottom))
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = list(_stepped(line.points)) if line.steps else list(line.points)
        placed = [
            (across.place(x, left, right), *(up.place(value, bottom, top) for value in (y, low, high)))
            for x, y, low, high in points
        ]
        band = [(x, high) for x, _, _, high in placed] + [(x, low) for x, _, low, _ in reversed(placed)]
        parts.append(f"<polygon points='{_points(band)}' fill='{colour}' fill-opacity='0.15'/>")
        dash = "" if number == 0 else f" stroke-dasharray='{4 + 3 * number} 3'"
        path = _points([(x, y) for x, y, _, _ in placed])
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>")
        parts.append(
            f"<line x1='{left + 12}' x2='{left + 40}' y1='{340 + 18 * number}' y2='{340 + 18 * number}' "
            f"stroke='{colour}' stroke-width='2'{dash}/>"
        )
        parts.append(_text(left + 48, 344 + 18 * number, line.name))
    return _svg(title, description, 900, 350 + 18 * len(lines), parts)


def _stepped(points: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    found: list[tuple[float, float, float, float]] = []
    for point in points:
        if found:
            found.append((point[0], *found[-1][1:]))
        found.append(point)
    return found


@dataclass(slots=True)
class Bar:
    """A share with its interval; `line` is another figure that is drawn through all of them. A name has two lines."""

    name: str
    value: float
    low: float
    high: float
    line: float = 0.0
    of: int = FEWEST  # cases that the share is taken of


def ranges(title: str, description: str, up: Axis, shown: Sequence[Bar], line_name: str = "") -> str:
    """A point with its interval for each bar, and the stepped line through them, which has a name below."""
    left, right, top, bottom = 70, 880, 20, 260
    parts = _axes(Axis("", 0, len(shown), max(len(shown), 1)), up, (left, right, top, bottom), marks=False)
    width = (right - left) / max(len(shown), 1)
    line = []
    for number, one in enumerate(shown):
        x = left + (number + 0.5) * width
        y, low, high = (up.place(value, bottom, top) for value in (one.value, one.low, one.high))
        level = up.place(one.line, bottom, top)
        line += [(x - width / 2, level), (x + width / 2, level)]
        told = written(f"{one.name}: {up.text(one.value)} ({up.text(one.low)} - {up.text(one.high)})")
        parts.append(
            f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{low:.1f}' y2='{high:.1f}' stroke='{INK}' stroke-width='2'>"
            f"<title>{told}</title></line>"
        )
        if one.of >= FEWEST:
            parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' fill='{COLOURS[0]}'><title>{told}</title></circle>")
        for row, text in enumerate(one.name.split("\n")):
            parts.append(_text(x, bottom + 18 + 16 * row, text, anchor="middle"))
    dashed = f"stroke='{COLOURS[1]}' stroke-width='1.5' stroke-dasharray='5 3'"
    parts.append(f"<polyline points='{_points(line)}' fill='none' {dashed}/>")
    below = bottom + 62
    if line_name:
        parts.append(f"<line x1='{left + 12}' x2='{left + 40}' y1='{below - 4}' y2='{below - 4}' {dashed}/>")
        parts.append(_text(left + 48, below, line_name))
    return _svg(title, description, 900, below + 8 if line_name else bottom + 50, parts)


def bars(
    title: str, description: str, up: Axis, names: Sequence[str], stacks: Sequence[tuple[str, Sequence[float]]]
) -> str:
    """One bar for each name; `stacks` lie upon each other."""
    left, right, top, bottom = 70, 880, 20, 260
    across = Axis("", 0, len(names), max(len(names), 1))
    parts = _axes(across, up, (left, right, top, bottom), marks=False)
    width = (right - left) / max(len(names), 1)
    below = [0.0] * len(names)
    for number, (name, values) in enumerate(stacks):
        colour = COLOURS[number % len(COLOURS)]
        for x, value in enumerate(values):
            high, low = up.place(below[x] + value, bottom, top), up.place(below[x], bottom, top)
            told = written(f"{names[x]}, {name}: {up.text(value)}")
            parts.append(
                f"<rect x='{left + x * width + 1:.1f}' y='{high:.1f}' width='{max(width - 2, 1):.1f}' "
                f"height='{low - high:.1f}' fill='{colour}'><title>{told}</title></rect>"
            )
            below[x] += value
        parts.append(f"<rect x='{left + 12}' y='{310 + 18 * number}' width='14' height='12' fill='{colour}'/>")
        parts.append(_text(left + 32, 320 + 18 * number, name))
    every = -(-len(names) // MOST_NAMES)
    for x in range(0, len(names), every):
        parts.append(_text(left + (x + 0.5) * width, bottom + 16, names[x], anchor="middle"))
    return _svg(title, description, 900, 320 + 18 * len(stacks), parts)


def _axes(across: Axis, up: Axis, box: tuple[float, float, float, float], *, marks: bool = True) -> list[str]:
    left, right, top, bottom = box
    parts = []
    for value in up.marks():
        y = up.place(value, bottom, top)
        parts.append(f"<line x1='{left}' x2='{right}' y1='{y:.1f}' y2='{y:.1f}' stroke='{GRID}'/>")
        parts.append(_text(left - 8, y + 4, up.text(value), anchor="end"))
    for value in across.marks() if marks else ():
        x = across.place(value, left, right)
        parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{bottom}' y2='{bottom + 5}' stroke='{FAINT}'/>")
        parts.append(_text(x, bottom + 18, across.text(value), anchor="middle"))
    parts.append(f"<line x1='{left}' x2='{right}' y1='{bottom}' y2='{bottom}' stroke='{FAINT}'/>")
    parts.append(_text(left, top - 9, up.title))
    if marks:
        parts.append(_text(right, bottom + 34, across.title, anchor="end"))
    return parts


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='12' fill='{INK}'>{written(text)}</text>"


def _svg(title: str, description: str, width: float, height: float, parts: Sequence[str]) -> str:
    head = f"<title>{written(title)}</title><desc>{written(description)}</desc>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' role='img' "
        f"aria-label='{written(title, quote=True)}' {FONT}>{head}{''.join(parts)}</svg>"
    )
