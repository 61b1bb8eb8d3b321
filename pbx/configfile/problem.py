"""A fault of the configuration, and the error that carries all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one key, and what to do about it. `line` counts from 1; 0 when the key is not in the file."""

    key: Path
    text: str
    remedy: str = ""
    line: int = 0
    source: str = ""  # the file, or the environment variable that set the value

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        head = ": ".join(part for part in (place, dotted(self.key), self.text) if part)
        return f"{head}; {self.remedy}" if self.remedy else head


class ConfigError(Exception):
    """The configuration is refused; the text lists every problem, one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def dotted(path: Path) -> str:
    """`("queue", 0, "agents", 2)` as people write it: `queue[0].agents[2]`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out
