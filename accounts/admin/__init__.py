"""The administration's pages about people. Discovered by Django's admin."""

from __future__ import annotations

from . import people, registrations, roles

__all__ = ["people", "registrations", "roles"]
