"""A year's page is begun while the configuration is checked, and what was begun is used only where it fits."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build

LAST = date(2026, 11, 20)
# In a process of its own: a test's process has threads, and a child is never made beside them.
PAGES = """
import sys
from pathlib import Path
from pbx.cli import reports
from pbx.reporting import reporter
from pbx.reporting.page import ahead

ahead.os.sched_getaffinity = lambda _: range(2)
made = reporter.period_page
used = []

def page(connection, asked, read):
    used.append((read._child is not None, asked.zone.key))
    return made(connection, asked, read)

reporter.period_page = page
fits = ahead.Begun.fits

def noted(begun, *given):
    used.append(fits(begun, *given))
    return used[-1]

ahead.Begun.fits = noted
folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    reports.page_report(folder / "centrala.toml", "2026-11-20", 120, "en", folder / name)
print(used)
"""


def _made(folder: Path, environ: dict[str, str]) -> str:
    command = [sys.executable, "-c", PAGES, str(folder), "page.html"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environ)
    return made.stdout.splitlines()[-1]


def test_what_was_begun_is_used_where_the_checked_configuration_says_the_same(tmp_path: Path) -> None:
    build(tmp_path / "centrala.db", Year(Agency(inbound=1000, outbound=200), last=LAST, days=1, seed=3))
    file = tmp_path / "centrala.toml"
    file.write_text(f'[server]\ndata_dir = "{tmp_path}"\ntimezone = "Europe/Warsaw"\n')

    assert _made(tmp_path, {}) == "[True, (True, 'Europe/Warsaw')]"
    # The environment may say otherwise: nothing is begun before it is read.
    assert _made(tmp_path, {"CENTRALA_SERVER__TIMEZONE": "Europe/Lisbon"}) == "[(True, 'Europe/Lisbon')]"
