"""Telephone numbers: plans, written forms, regions, price lists. Pure: others read the files."""
