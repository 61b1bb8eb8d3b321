"""Visitors of sites: the numbers they are shown, their visits, and which calls come of them."""
