"""Matches the PBX's calls with the records of other systems and names the reason of each difference. Pure."""
