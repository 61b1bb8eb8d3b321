"""Alembic's folder; each revision lives in versions/."""
