"""The house stays in order: imports and cimports go down, stubs say what modules have."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import cimport_ranks  # noqa: E402

STUBS = sorted(path for path in (ROOT / "core").rglob("*.pyi"))


def test_imports_go_down_only() -> None:
    """The layers of pyproject.toml, by import-linter."""
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_package_is_in_a_layer() -> None:
    """A new folder must be given its place, or it would be free to import anything."""
    text = (ROOT / "pyproject.toml").read_text()
    packages = [path.parent.name for path in (ROOT / "pbx").glob("*/__init__.py")]
    missing = [name for name in packages if f"pbx.{name}" not in text]
    assert not missing, f"give {missing} a layer under [tool.importlinter]"


def test_cimports_go_down_only() -> None:
    assert cimport_ranks.violations(ROOT) == []


def test_the_cimport_check_sees_a_violation(tmp_path: Path) -> None:
    (tmp_path / "core" / "base").mkdir(parents=True)
    (tmp_path / "core" / "base" / "bad.pyx").write_text(
        "x = 1\nfrom core.engine.worker cimport Worker\nimport pbx.clock\n"
    )
    found = cimport_ranks.violations(tmp_path)
    assert len(found) == 2
    assert found[0].startswith("core/base/bad.pyx:2: rank 0 cimports core.engine.worker")


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stub_says_what_its_module_has(stub: Path) -> None:
    """Public names of the compiled module and of its .pyi are the same."""
    name = ".".join(stub.relative_to(ROOT).with_suffix("").parts)
    module = importlib.import_module(name)
    declared = _declared(stub)
    defined = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and not inspect.ismodule(value) and _is_own(value, name)
    }
    assert defined - declared == set(), "the stub lacks these"
    missing = {key for key in declared if not hasattr(module, key)} - _types_only(stub)
    assert missing == set(), "the module lacks these"


def _declared(stub: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def _types_only(stub: Path) -> set[str]:
    """Aliases such as `Event = tuple[int, ...]`, protocols and typed dictionaries exist for the type checker only."""
    names: set[str] = set()
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ClassDef):
            bases = {getattr(base, "id", "") for base in node.bases}
            if bases & {"Protocol", "TypedDict", "NamedTuple"}:
                names.add(node.name)
    return names


def _is_own(value: object, module: str) -> bool:
    """Whether a name was defined in `module` rather than imported into it; plain constants count as its own."""
    home = getattr(value, "__module__", None)
    if home is None or not isinstance(home, str):
        return isinstance(value, int | float | str | bytes)
    return home == module
