"""docs/security.md promises nothing that no test shows: the tests exist, and each figure is asserted in one of them."""

from __future__ import annotations

import ast
import importlib
import re
from functools import lru_cache
from pathlib import Path

import pytest

from tests.test_rfc_claims import missing

ROOT = Path(__file__).resolve().parent.parent
PROMISES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| R\d+ ", line)
]
WITH_FIGURES = {"R1", "R3", "R4", "R5", "R7", "R8", "R13", "R14", "R15", "R16", "R20", "R21"}
ALL = {"R1", *(f"R{n}" for n in range(3, 17)), "R20", "R21"}


@lru_cache
def parsed(path: Path) -> dict[str, ast.AST]:
    """The functions and methods of a module, by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: node for node in ast.walk(tree) if isinstance(node, kinds)}


def reached(path: Path, function: str) -> list[ast.AST]:
    """`function` and what it calls of the same module, by whatever way."""
    functions, found, queue = parsed(path), set[str](), [function]
    while queue:
        name = queue.pop()
        if name in found or name not in functions:
            continue
        found.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Name):
                queue.append(node.id)
            elif isinstance(node, ast.Attribute):
                queue.append(node.attr)
    return [functions[name] for name in found]


def asserted(reference: str, name: str, value: str) -> bool:
    """Whether the test of `reference` has the figure `name` in an assertion or a deadline, and with that value."""
    file, _, function = reference.partition("::")
    path = ROOT / file
    if not function or not hasattr(module := importlib.import_module(file[:-3].replace("/", ".")), name):
        return False
    if getattr(module, name) != pytest.approx(float(value)):
        return False
    return any(
        isinstance(inner, ast.Name) and inner.id == name
        for part in reached(path, function)
        for node in ast.walk(part)
        if isinstance(node, ast.Assert)
        for inner in ast.walk(node)
    )


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0])
def test_a_promise_has_tests_that_assert_its_figures(promise: list[str]) -> None:
    assert len(promise) == 4, f"a row has four cells: {promise}"
    number, _, tests, figures = promise
    references = re.findall(r"`([^`]+)`", tests)
    assert references, f"nothing shows {number}"
    assert [problem for reference in references if (problem := missing(reference))] == []
    named = re.findall(r"`(\w+) = ([\d.]+)`", figures)
    assert bool(named) or number not in WITH_FIGURES, f"{number} has figures"
    for name, value in named:
        assert any(asserted(reference, name, value) for reference in references), (
            f"{name} = {value} is asserted nowhere"
        )


def test_every_promise_has_its_row() -> None:
    assert {promise[0] for promise in PROMISES} >= ALL


def test_the_check_itself_can_fail() -> None:
    reference = "tests/integration/test_leftovers.py::test_a_ring_of_forwards_gets_a_final_answer"
    assert asserted(reference, "FINAL_S", "3")
    assert not asserted(reference, "FINAL_S", "4"), "another value"
    assert not asserted(reference, "UNFINISHED", "300"), "asserted by another test"
    assert not asserted(reference, "NOTHING", "1")
