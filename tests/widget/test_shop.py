"""The sample shop is whole: its server has every page and file that its pages lead to, and git keeps them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

SHOP = Path(__file__).resolve().parents[2] / "widget" / "example"


def server() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shop_serve", SHOP / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_link_of_the_shop_leads_somewhere() -> None:
    serve = server()
    seen: set[str] = set()
    ahead = ["/"]
    while ahead:
        path = ahead.pop()
        found = serve.page(path, "http://pbx.test", "pk_shop12345678")
        assert found is not None, f"{path} is linked and not there"
        seen.add(path)
        if found[1].startswith("text/html"):
            assert b'src="http://pbx.test/w.js" data-key="pk_shop12345678"' in found[0]
            links = re.findall(r'(?:href|src)="(/[^"]*)"', found[0].decode())
            ahead += [link for link in links if link not in seen]
    assert {"/contact.html", "/dealers.html", "/style.css", "/shop.js"} <= seen


def test_git_keeps_all_of_the_shop() -> None:
    if shutil.which("git") is None or not (SHOP.parents[1] / ".git").exists():
        pytest.skip("no checkout of git")
    files = sorted(file.name for file in SHOP.iterdir() if file.is_file())
    ignored = subprocess.run(["git", "check-ignore", "--no-index", *files], cwd=SHOP, capture_output=True, text=True)
    assert ignored.stdout == ""
    assert ignored.returncode == 1
