"""Transfers: one party of a call is connected to somebody else, and the one who asked for it leaves.

A transfer costs what a call of the transferor would cost: the same routing, rights and limits (security.md R8). The
parties themselves notice nothing but whom they hear: dialogs and streams change hands inside (`pbx.call.moving`).
"""
