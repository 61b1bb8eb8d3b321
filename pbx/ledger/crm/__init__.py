"""Calls and leads for CRM systems: a generic webhook, Bitrix24, amoCRM (Kommo)."""
