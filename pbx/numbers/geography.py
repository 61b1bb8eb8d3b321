"""Names of regions by prefix, in the product's languages, taken once from the number plan's own data.

`python -m pbx.numbers.geography PL` prints them as JSON: a short-lived process, because that data takes 100 MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

LANGUAGES = ("en", "pl", "ru")
TIMEOUT_S = 60.0
LONGEST = 11  # digits of a prefix


def extract(code: int) -> dict[str, dict[str, str]]:
    """Names by prefix of all numbers of country calling code `code`. Loads 100 MB of data."""
    from phonenumbers.geodata import GEOCODE_DATA

    start = str(code)
    return {
        prefix: {language: names[language] for language in LANGUAGES if language in names}
        for prefix, names in GEOCODE_DATA.items()
        if prefix.startswith(start) and any(language in names for language in LANGUAGES)
    }


def load(country: str) -> dict[str, dict[str, str]]:
    """The names for `country` (ISO 3166), from a process of its own. Raises OSError when that fails."""
    command = [sys.executable, "-m", "pbx.numbers.geography", country]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=True)  # noqa: S603 - our own module
    except subprocess.SubprocessError as error:
        raise OSError(f"names of regions could not be read: {error}") from error
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def find(names: Mapping[str, Mapping[str, str]], e164: str, language: str) -> str:
    """The name for the longest prefix of a number; English when the language has none, "" when there is none at all."""
    digits = e164.removeprefix("+")
    for length in range(min(LONGEST, len(digits)), 0, -1):
        known = names.get(digits[:length])
        if known is not None:
            return known.get(language) or known.get("en") or next(iter(known.values()), "")
    return ""


def main() -> None:
    """Prints the names of the country that the first argument gives."""
    import phonenumbers

    code = phonenumbers.country_code_for_region(sys.argv[1].upper())
    print(json.dumps(extract(code)))


if __name__ == "__main__":
    main()
