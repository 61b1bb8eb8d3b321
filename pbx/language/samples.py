"""What a template may come to sound like: one filling for each form that its counted values can take."""

from __future__ import annotations

from pbx.config_base import Language
from pbx.language.template import Field, Template, TemplateError

COUNTS: tuple[object, ...] = (1, 2, 5, 21, 22)
SAMPLES: dict[str, tuple[object, ...]] = {
    "number": COUNTS,
    "ordinal": COUNTS,
    "count": COUNTS,
    "percent": COUNTS,
    "money": (1, 2, 5, "21.50", "22.21"),
    "duration": (1, 60, 125, 3661, 7200),
    "time": ("8:00", "14:30", "21:05", "0:00"),
    "date": ("2026-01-01", "2026-05-03", "2026-11-22"),
    "weekday": (1, 2, 3, 4, 5, 6, 7),
    "digits": ("221234567",),
    "spell": ("AB12",),
}


def samples(template: Template, language: Language) -> list[tuple[dict[str, object], str]]:
    """(values, text) for every form, the values of all variables moving on together; one text when it is fixed."""
    fields = [part for part in template.parts if isinstance(part, Field)]
    rows = max((len(_values(field)) for field in fields), default=1)
    found: dict[str, dict[str, object]] = {}
    for row in range(rows):
        values: dict[str, object] = {}
        for field in fields:
            choice = _values(field)
            values.setdefault(field.name, choice[row % len(choice)])
        try:
            found.setdefault(template.render(values, language), values)
        except TemplateError:  # one variable in two filters that want different things of it
            continue
    if any(field.default is not None for field in fields):
        plain = {field.name: _values(field)[0] for field in fields if field.default is None}
        found.setdefault(template.render(plain, language), plain)
    return [(values, text) for text, values in found.items()]


def _values(field: Field) -> tuple[object, ...]:
    """Values to try; without a filter the variable's own name is the word."""
    return SAMPLES.get(field.filter) or (field.name.rpartition(".")[2].replace("_", " "),)
