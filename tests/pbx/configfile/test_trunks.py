"""What trunks, routes out, numbers and sites may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.call.trunks.tables import check_tables
from pbx.configfile import ConfigError, load
from tests.pbx.configfile.test_load import write

BASE = """
[[extension]]
number = "101"
secret = "a-long-secret-1"
"""
TRUNK = '[[trunk]]\nname = "one"\nhost = "192.0.2.1"\n'


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, BASE + text), {}, (check_tables,))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[trunk]]\nname = "one"\npeers = ["192.0.2.1"]\nregistration = true\n', "has nowhere to register"),
        (TRUNK + "registration = true\n", "needs a username"),
        (TRUNK + "money_per_day = 5\n", "limits money, but the trunk has no price"),
        (TRUNK + 'number_format = "national"\n', "whose national numbers"),
        (TRUNK + "options_every_s = -1\n", "options_every_s"),
        ('[[trunk]]\nname = "one"\npeers = ["192.0.2.1"]\noptions_every_s = 5\n', "has no host to ask"),
        (TRUNK + 'number_prefix = "abc"\n', "cannot be dialled"),
        (TRUNK + "reroute_statuses = [200]\n", "from 300 to 699"),
        (TRUNK + "reroute_causes = [128]\n", "from 1 to 127"),
        (TRUNK + 'rates = "nowhere.csv"\n', "cannot be read"),
        (TRUNK + '[[route]]\nmatch = "0"\n', "names no trunk"),
        (TRUNK + '[[route]]\nmatch = "0"\ntrunk = "one"\ntrunks = ["one"]\n', "names both"),
        (TRUNK + '[[route]]\nmatch = "0"\ntrunks = ["two"]\n', "is no trunk"),
        (TRUNK + '[[route]]\nmatch = "0"\ntrunks = ["one", "one"]\n', "lists a trunk twice"),
        (TRUNK + '[[route]]\nmatch = "0"\ntrunks = ["one"]\norder = "cost"\n', "no price to be compared"),
        ('[[number]]\nnumber = "+4822"\nlast = "+481"\napplication = "echo"\n', "does not end a range"),
        (
            '[[number]]\nnumber = "220"\nlast = "229"\napplication = "echo"\n'
            '[[number]]\nnumber = "225"\nlast = "230"\napplication = "echo"\n',
            "overlaps number[0]",
        ),
        ('[numbering]\ncountry = "RU"\n', "'101' is an emergency number"),
        ('[[number]]\nnumber = "112"\napplication = "echo"\n', "'112' is an emergency number"),
        ('[emergency]\ntrunks = ["one"]\n', "is no trunk with a host"),
        ('[[extension]]\nnumber = "102"\nsecret = "a-long-secret-2"\nsite = "moon"\n', "is no site"),
        ('[screening]\nanonymous = "flow:none"\n', "is no action"),
        ('[bans]\nallow = ["pbx.example"]\n', "bans.allow"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    assert told in refused(tmp_path, text)


def test_faults_of_a_price_list_are_told_with_their_lines(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("prefix,price_per_minute\n48,cheap\n")
    told = refused(tmp_path, TRUNK + f'rates = "{rates}"\n')
    assert "trunk[0].rates" in told
    assert "line 2: 'cheap' is no amount" in told


def test_emergency_numbers_may_be_given_up_for_extensions(tmp_path: Path) -> None:
    text = BASE + '[numbering]\ncountry = "RU"\n[emergency]\nnumbers = ["112"]\n'
    assert load(write(tmp_path, text), {}).config.emergency.numbers == ["112"]
