"""What Python sees of a core module is what its .pyi says."""

from __future__ import annotations

import ast
import importlib
import types
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "core"
STUBS = sorted(p for p in CORE.rglob("*.pyi") if p.with_suffix(".pyx").exists())


def stub_names(path: Path) -> tuple[set[str], dict[str, set[str]]]:
    """(public names, public members of each class)"""
    names: set[str] = set()
    members: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
            members[node.name] = {
                n.name if isinstance(n, ast.FunctionDef) else n.target.id
                for n in node.body
                if isinstance(n, ast.FunctionDef | ast.AnnAssign)
            }
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    return {n for n in names if not n.startswith("_")}, members


@pytest.mark.parametrize("path", STUBS, ids=lambda p: p.stem)
def test_stub_and_module_agree(path: Path) -> None:
    name = ".".join(path.relative_to(CORE.parent).with_suffix("").parts)
    module = pytest.importorskip(name, reason="build the core first")
    names, members = stub_names(path)
    aliases = {"Event", "Match"}
    public = {
        n
        for n, value in vars(module).items()
        if not n.startswith("_") and not isinstance(value, types.ModuleType) and n != "annotations"
    }
    assert names - public - aliases == set()
    assert public - names == set()
    for owner, wanted in members.items():
        has = {n for n in dir(getattr(module, owner)) if not n.startswith("_")}
        assert {n for n in wanted if not n.startswith("_")} - has == set(), owner
        if not issubclass(getattr(module, owner), BaseException):
            assert has - wanted == set(), owner


def test_modules_without_a_stub_show_nothing() -> None:
    for path in CORE.rglob("*.pyx"):
        if path.with_suffix(".pyi").exists():
            continue
        module = importlib.import_module(".".join(path.relative_to(CORE.parent).with_suffix("").parts))
        public = {n for n, v in vars(module).items() if not n.startswith("_") and not isinstance(v, types.ModuleType)}
        assert public <= {
            "KeyStore",
            "Place",
            "PortRange",
            "PortsExhausted",
            "StreamStats",
            "WorkerStats",
            "Crew",
            "EngineBusy",
            "Shelf",
        }, path
