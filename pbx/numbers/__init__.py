"""Telephone numbers: plans, written forms, regions, price lists. Pure: files are read by whoever hands their text in."""
