"""Header values as nearly every client writes them, read in one pass. None for whatever is unusual or wrong: then the
readers in pbx.sip decide, which these agree with in all that they read.
"""

def parameters(text: str, at: int = 0) -> dict[str, str] | None:
    """`;name=value;flag` from offset `at` to the end: names in lower case, flags "", of a name that comes twice the
    first value. None with white space or quotes in it, and at the end of the text.
    """

def name_addr(text: str) -> tuple[str, str, dict[str, str] | None] | None:
    """`"Display" <uri>;params` as (display name, URI, parameters or None where there are none)."""

def pairs(text: str) -> dict[str, str] | None:
    """`name=value, name="value"`: names in lower case, values unquoted."""
