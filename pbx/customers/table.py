"""Customers from a CSV table: which column means what, numbers as E.164, every fault and every double with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx.customers.customer import CustomerError, read_customer
from pbx.numbers.plan import NumberPlan
from pbx.numbers.table import Faults, rows

FIELDS = ("numbers", "name", "language", "vip", "tags", "agent", "note", "id")
# What such columns are called in exports of CRM systems, in small letters.
KNOWN: dict[str, tuple[str, ...]] = {
    "numbers": (
        *("numbers", "number", "phone", "mobile", "tel", "telephone", "phone_number", "mobile_phone", "work_phone"),
        *("home_phone", "phone2", "number2", "telefon", "numer", "komórka", "komorka", "numer_telefonu"),
        *("телефон", "номер", "мобильный", "рабочий_телефон"),
    ),
    "name": (
        *("name", "full_name", "customer", "company", "nazwa", "imię", "imię_i_nazwisko", "klient"),
        *("имя", "фио", "клиент", "название"),
    ),
    "language": ("language", "lang", "język", "jezyk", "язык"),
    "vip": ("vip",),
    "tags": ("tags", "tag", "group", "groups", "labels", "segment", "tagi", "grupa", "теги", "группа", "сегмент"),
    "agent": ("agent", "owner", "manager", "responsible", "opiekun", "менеджер", "ответственный"),
    "note": ("note", "notes", "comment", "uwagi", "notatka", "комментарий", "примечание"),
    "id": ("id", "key", "external_id", "crm_id", "customer_id", "uid"),
}
YES = frozenset({"1", "true", "yes", "y", "x", "vip", "tak", "да"})
_LANGUAGES = {"polski": "pl", "polish": "pl", "русский": "ru", "russian": "ru", "rosyjski": "ru", "english": "en"}
_SEPARATORS = re.compile(r"[;,|/\n]+")


@dataclass(slots=True)
class Reading:
    """What a table held. `problems` are lines that were left out; `columns` says what was taken for what."""

    customers: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # column of the file: field
    lines: int = 0


def read_table(text: str, name: str, country: str, mapping: Mapping[str, str] | None = None) -> Reading:
    """The customers of a CSV text. `mapping`: field to column, before the columns' own names.

    Raises TableError for a table that is none. A row without a usable number, or with a number that an earlier row has,
    is left out and told.
    """
    faults = Faults(name)
    plan, reading, owners = NumberPlan(country), Reading(), dict[str, int]()
    for line, cells in rows(text, faults):
        if not reading.columns:
            reading.columns = _columns(cells, mapping or {}, faults)
            if faults.found:
                break
        reading.lines += 1
        try:
            customer = _customer(cells, reading.columns, plan)
            _claim(customer, line, owners)
        except CustomerError as error:
            reading.problems.append(f"line {line}: {error}")
            continue
        reading.customers.append(customer)
    if not reading.lines and not faults.found:
        faults.add(1, "has no customer")
    faults.check()
    return reading


def _columns(cells: Iterable[str], mapping: Mapping[str, str], faults: Faults) -> dict[str, str]:
    """Column to field."""
    names = list(cells)
    found: dict[str, str] = {}
    for what, column in mapping.items():
        if column.lower() not in names:
            faults.add(1, f"has no column {column!r}; its columns are {', '.join(names)}")
        found[column.lower()] = what
    for column in names:
        plain = re.sub(r"[\s\-]+", "_", column.strip())
        for what, known in KNOWN.items():
            free = what == "numbers" or what not in found.values()
            if column not in found and plain in known and free and what not in mapping:
                found[column] = what
    if "numbers" not in found.values():
        faults.add(1, f"has no column of numbers; name it: --map number=COLUMN of {', '.join(names)}")
    return found


def _customer(cells: Mapping[str, str], columns: Mapping[str, str], plan: NumberPlan) -> dict[str, Any]:
    row: dict[str, Any] = {"numbers": []}
    for column, what in columns.items():
        cell = cells.get(column, "").strip()
        if not cell:
            continue
        if what == "numbers":
            row["numbers"] += [_number(part, plan) for part in _SEPARATORS.split(cell) if part.strip()]
        elif what == "tags":
            row["tags"] = [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]
        elif what == "vip":
            row["vip"] = cell.casefold() in YES
        elif what == "language":
            row["language"] = _LANGUAGES.get(cell.casefold(), cell.casefold()[:2])
        else:
            row[what] = cell
    if not row["numbers"]:
        raise CustomerError("has no number")
    customer = read_customer(row)
    return {**customer.row(), "note": customer.note}


def _number(text: str, plan: NumberPlan) -> str:
    plain = "".join(mark for mark in text if mark not in " -()./\u00a0\u2011\u2013")
    number = plan.e164(plain)
    if not number:
        raise CustomerError(f"{text.strip()[:40]!r} is no full number")
    return number


def _claim(customer: Mapping[str, Any], line: int, owners: dict[str, int]) -> None:
    for number in customer["numbers"]:
        if number in owners:
            raise CustomerError(f"{number} stands in line {owners[number]} already")
    key = f"id {customer['id']}"
    if key in owners and customer["id"] not in customer["numbers"]:
        raise CustomerError(f"the id {customer['id']} stands in line {owners[key]} already")
    owners[key] = line
    for number in customer["numbers"]:
        owners[number] = line
